# The runner: for each shell, each test file of this folder. Prints TAP and closes with `N passed, N failed`.
# Invariant: a test file that ends early counts as a failure, never as a pass.
here=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/polybolt-shell-test.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/results"

for shell in dash bash 'busybox ash'; do
  # shellcheck disable=SC2086
  $shell -c : >/dev/null 2>&1 || {
    printf '# %s is not here: not tested under it\n' "$shell"
    continue
  }
  for file in "$here"/test/*.test.sh; do
    mkdir "$work/case"
    # One that hangs is stopped, and is then a failure. Far above what any takes, on a busy machine too.
    if ! timeout 120 sh "$here/test/one.sh" "$here" "$work" "$shell" "$file"; then
      printf 'not ok - [%s] %s runs to its end\n' "$shell" "${file##*/}" | tee -a "$work/results"
    fi
    rm -rf "$work/case"
  done
done

passed=$(grep -c '^ok' "$work/results")
failed=$(grep -c '^not ok' "$work/results")
printf '1..%s\n%s passed, %s failed\n' "$((passed + failed))" "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

#!/bin/sh
# Runs the shell adapter's own tests under every shell that is here (dash, bash, busybox ash) and prints TAP.
# Invariant: everything is written to one temporary directory, which is gone at the end.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
command -v jq >/dev/null 2>&1 || {
  printf 'the shell adapter needs jq for its tests: install jq (1.6 or newer)\n0 passed, 1 failed\n'
  exit 1
}
exec sh "$here/test/run.sh" "$here"

# Runs one test file under one shell: `one.sh ADAPTER WORK SHELL FILE`. Here is all that test files use.
# Invariant: the component under test is always a real child process of $shell, with real pipes.
here=$1 work=$2 shell=$3 file=$4
cd "$work/case" || exit 1
nl='
'

# component NAME: a program that sources the library, its text from stdin.
component() {
  { printf '. "%s/polybolt.sh"\n' "$here" && cat; } >"$1"
}

# t ID VALUES [STREAM]: a tuple as the host writes it.
t() {
  printf '{"id":"%s","comp":"words","stream":"%s","task":4,"tuple":%s}\n' "$1" "${3-default}" "$2"
}

hello='{"pidDir":"","conf":{},"context":{}}'

# messages: from one message a line to frames.
messages() {
  while IFS= read -r message; do printf '%s\nend\n' "$message"; done
}

# run PROGRAM ARGUMENT…: stdin is what the host sends, byte for byte. Leaves out (one message a line, without the
# pid's number), raw (as written), err and code. Files, for it runs at the end of a pipeline.
run() {
  # shellcheck disable=SC2086
  $shell "$@" >raw 2>err
  echo "$?" >code
  frames <raw >out
}

frames() {
  number=0
  while IFS= read -r line; do
    number=$((number + 1))
    case $((number % 2))$line in
      '1{"pid":'*) printf '{"pid":N}\n' ;;
      1*) printf '%s\n' "$line" ;;
      0end) ;;
      *) printf 'NOT A FRAME: %s\n' "$line" ;;
    esac
  done
}

result() {
  printf '%s - [%s] %s\n' "$1" "$shell" "$2" | tee -a "$work/results"
}

# same TITLE ACTUAL EXPECTED
same() {
  if [ "$2" = "$3" ]; then
    result ok "$1"
  else
    result 'not ok' "$1"
    printf '%s\n' "expected: $3" "got: $2" | sed 's/^/#   /'
    [ ! -s err ] || sed 's/^/#   stderr: /' err
  fi
}

# answers TITLE [STATUS]: the messages written, after the pid, are those on stdin, and the exit status is as said.
answers() {
  same "$1" "$(cat out)${nl}exit $(cat code)" "{\"pid\":N}$nl$(cat)${nl}exit ${2-0}"
}

# Conversations step by step: talk PROGRAM, then tell MESSAGE and hear (into $line), hang_up and wait for its code.
talk() {
  mkfifo to from
  # shellcheck disable=SC2086
  $shell "$@" <to >from 2>err &
  child=$!
  exec 3>to 4<from
  rm to from
  tell "$hello"
  hear
}

tell() {
  printf '%s\nend\n' "$1" >&3
}

hear() {
  IFS= read -r line <&4 && IFS= read -r end <&4
}

hang_up() {
  exec 3>&-
  wait "$child" && echo 0 >code || echo "$?" >code
  exec 4<&-
}

. "$file"

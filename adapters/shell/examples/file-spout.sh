#!/bin/sh
# A spout: emits the lines of the file named by its first argument, one at each `next`, without ids.
# Invariant: descriptor 3 stays at the first line that has not been emitted.
. "$(dirname "$0")/../polybolt.sh"

file=${1:?usage: file-spout.sh FILE}

open() {
  exec 3<"$file"
}

next_tuple() {
  # An `if`, not `read && emit`: at the end of the file that would return 1, which is an error to the library.
  if IFS= read -r line <&3; then
    polybolt_emit_strings "$line"
  fi
}

polybolt_spout

#!/bin/sh
# Emits the lines of a file with their numbers as ids; the library emits again what fails. Usage: accounts.sh FILE
. "$(dirname "$0")/../../adapters/shell/polybolt.sh"

file=${1:?usage: accounts.sh FILE}
number=0

open() {
  exec 3<"$file"
}

next_tuple() {
  # An `if`, not `read && emit`: at the end of the file that would return 1, which is an error to the library.
  if IFS= read -r line <&3; then
    number=$((number + 1))
    polybolt_emit --id "$number" --strings "$line"
  fi
}

polybolt_reliable_spout

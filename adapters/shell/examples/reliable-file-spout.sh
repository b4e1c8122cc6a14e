#!/bin/sh
# A reliable spout: as file-spout.sh, with the line's number as id; what fails is emitted again by the library.
# Invariant: a line's number is the id of every emission of that line.
. "$(dirname "$0")/../polybolt.sh"

file=${1:?usage: reliable-file-spout.sh FILE}
number=0

open() {
  exec 3<"$file"
}

next_tuple() {
  if IFS= read -r line <&3; then
    number=$((number + 1))
    polybolt_emit --id "$number" --strings "$line"
  fi
}

ack() {
  polybolt_debug "line $1 is done"
}

polybolt_reliable_spout

#!/bin/sh
# A basic bolt: a sentence in, one tuple for each of its words out.
# Invariant: a word is whatever stands between blanks, and never runs as code or matches file names.
. "$(dirname "$0")/../polybolt.sh"

# Without this a word such as * would become the names of files.
set -f

process() {
  polybolt_value 0 || return 0
  for word in $REPLY; do
    polybolt_emit_strings "$word" || return
  done
}

polybolt_basic_bolt

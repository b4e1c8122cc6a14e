#!/bin/sh
# A basic bolt: counts words, and emits each with its count so far. Group its input by the word.
# Invariant: only letters, digits and _ ever become part of a variable's name; other words are told and left out.
. "$(dirname "$0")/../polybolt.sh"

process() {
  polybolt_value 0 || return 0
  word=$REPLY
  case $word in
    '' | *[!a-zA-Z0-9_]*)
      polybolt_debug "not counted: $word"
      return 0 ;;
  esac
  eval "count_$word=\$((\${count_$word:-0} + 1)) count=\$count_$word"
  polybolt_emit "[\"$word\",$count]"
}

polybolt_basic_bolt

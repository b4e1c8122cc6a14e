#!/bin/sh
# Counts shells and emits each with its count so far.
# Invariant: a counter's variable is named by a number that is ours, never by text out of a tuple.
. "$(dirname "$0")/../../adapters/shell/polybolt.sh"

known=''
shells=0

process() {
  polybolt_value 0 || return 0
  shell=$REPLY
  # The list holds lines `name=number`; a shell's path has no line break in it.
  case "$known" in
    *"
$shell="*)
      index=${known##*"
$shell="}
      index=${index%%"
"*} ;;
    *)
      shells=$((shells + 1)) index=$shells
      known="$known
$shell=$index" ;;
  esac
  eval "count_$index=\$((\${count_$index:-0} + 1)) count=\$count_$index"
  polybolt_quote "$shell" && polybolt_emit "[$REPLY,$count]"
}

polybolt_basic_bolt

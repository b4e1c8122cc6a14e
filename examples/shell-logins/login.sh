#!/bin/sh
# Emits the last field of an account. Comments and empty lines go no further; what is no account is told, and goes no further either.
. "$(dirname "$0")/../../adapters/shell/polybolt.sh"

process() {
  polybolt_value 0 || return 0
  case $REPLY in
    '' | '#'*) ;;
    *:*:*:*:*:*:*) polybolt_emit_strings "${REPLY##*:}" ;;
    *) polybolt_warn "not an account: $REPLY" ;;
  esac
}

polybolt_basic_bolt

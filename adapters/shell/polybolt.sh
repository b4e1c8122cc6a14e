# shellcheck shell=sh disable=SC2034
# Polybolt's adapter for POSIX sh and bash: source it first, define your functions, then call one of
# polybolt_basic_bolt, polybolt_bolt, polybolt_spout, polybolt_reliable_spout.
# Invariant: nothing but whole frames ever reaches descriptor 8, and no text out of a tuple is ever evaluated.
# Names that start with polybolt__ are private. Descriptors 5 to 9 belong to this file.
#
# Two costs shape the code. A shell reads a pipe byte by byte, so the work on top of that must be small: one
# field splitting at quotes takes a message apart. And in dash ${text#pattern} takes time that grows with the
# square of what it removes, so only short prefixes are ever removed that way.

[ "${polybolt__sourced-}" != "$$" ] || return 0
polybolt__sourced=$$

# --- guard -------------------------------------------------------------------------------------------------

# At once, not at the start of the loop: what the author's file prints while it is read must not reach the host.
exec 9<&0 8>&1 5>/dev/null 0</dev/null 1>&2

polybolt__nl='
'
polybolt__tab=$(printf '\t')
polybolt__cr=$(printf '\r')
polybolt__blank=" $polybolt__tab$polybolt__nl"
polybolt__tail="}${polybolt__nl}end$polybolt__nl"
# What an emit's values begin with on the short way through polybolt_emit; this, when it has to go the long way.
polybolt__nowhere=$polybolt__nl
polybolt__bracket='['
polybolt__plain_head='{"command":"emit","need_task_ids":false,"tuple":'

polybolt_id='' polybolt_component='' polybolt_stream='' polybolt_task='' polybolt_tuple=''
polybolt__mode='' polybolt__reliable='' polybolt__out='' polybolt__head=$polybolt__plain_head
polybolt__line='' polybolt__end='' polybolt__handshake='' polybolt__where='' polybolt__settled=''
polybolt__raised='' polybolt__kind='' polybolt__trace='' polybolt__is_split='' polybolt__members=0 polybolt__members_max=0
polybolt__asked=0 polybolt__answered=0 polybolt__turn=1 polybolt__queue_head=0 polybolt__queue_tail=0
polybolt__again_head=0 polybolt__again_tail=0 polybolt__jq_owner='' REPLY=''

# A subshell (a pipeline, most often) has a copy of our variables: a frame collected there would be lost with it.
# bash counts its subshells; elsewhere /proc/self is the process that asks, and $$ stays the first shell's.
# Where there is neither, every shell is taken for the main one.
# shellcheck disable=SC3028
polybolt__self='' polybolt__main=${BASH_SUBSHELL-}
if [ -z "${BASH_VERSION-}" ] && [ -e "/proc/self/task/$$" ]; then
  polybolt__self=/proc/self/task/$$ polybolt__main=-
fi

polybolt__in_main() {
  # shellcheck disable=SC3028
  case ${BASH_SUBSHELL-}$polybolt__self in
    "$polybolt__main") ;;
    *) [ -e "${polybolt__self:-/dev/null/nothing}" ] ;;
  esac
}

# Without the private descriptors, which a process that outlives us would hold open: a command in the foreground that
# leaves a daemon behind, and one in the background ($! is its pid). `polybolt_run … &` would not do: the shell that
# stands between would still hold them.
polybolt_run() {
  "$@" 5>&- 6<&- 7>&- 8>&- 9<&-
}

polybolt_spawn() {
  "$@" 5>&- 6<&- 7>&- 8>&- 9<&- &
}

# --- writing -----------------------------------------------------------------------------------------------

# In a subshell nothing has collected: what the variable holds there belongs to the shell around it.
polybolt_flush() {
  ! polybolt__in_main || polybolt__write
}

# One write for all that has collected.
polybolt__write() {
  [ -n "$polybolt__out" ] || return 0
  printf '%s' "$polybolt__out" >&8 2>&5 || polybolt__gone
  polybolt__out=''
}

# The host does not listen any more: no one is left to tell.
polybolt__gone() {
  polybolt__where=''
  trap - EXIT
  exit 1
}

# Collects the frame of the JSON object $1, which comes without its closing brace.
polybolt__send() {
  if polybolt__in_main; then
    polybolt__out=$polybolt__out$1$polybolt__tail
    [ "${#polybolt__out}" -lt 16384 ] || polybolt__write
  else
    printf '%s' "$1$polybolt__tail" >&8 2>&5 || polybolt__gone
  fi
}

# --- jq, one coprocess -------------------------------------------------------------------------------------

# A request is a line `operation mark`, the text's lines and the mark again; the answer a line with the number of
# lines that follow, or `-` for null, or `!` and what is wrong. No text can end jq: it is parsed inside a try.
# shellcheck disable=SC2016
polybolt__jq_program='
def lines: split("\n") | (length | tostring), .[];
def at($keys): reduce $keys[] as $key (.; if type == "array" then .[$key | tonumber] else .[$key] end);
inputs as $head | ($head / " ") as [$operation, $mark]
| [label $whole | inputs | if . == $mark then break $whole else . end] as $lines
| try (
    if $operation == "quote" then $lines | join("\n") | tojson | lines
    elif $operation == "key" then $lines[0] | fromjson | tojson | explode | map(tostring) | join("_") | lines
    elif $operation == "type" then $lines | join("\n") | fromjson | type
      | if . == "null" then error("no JSON value") else lines end
    else $lines[0] | fromjson | at($lines[1:] | map(fromjson))
      | if . == null then "-" elif $operation == "raw" then tojson | lines else tostring | lines end
    end)
  catch ("!" + (tostring | split("\n") | join(" ")))'

polybolt__jq_start() {
  polybolt__jq_owner=''
  if ! command -v jq >/dev/null 2>&1; then
    REPLY='jq is not installed, and this value cannot be read or written without it; install jq (1.6 or newer)'
    return 1
  fi
  exec 6<&- 7>&-
  if ! polybolt__jq_dir=$(mktemp -d "${TMPDIR:-/tmp}/polybolt.XXXXXX") ||
    ! mkfifo -m 600 "$polybolt__jq_dir/questions" "$polybolt__jq_dir/answers"; then
    REPLY="cannot make the FIFOs that lead to jq in ${TMPDIR:-/tmp}; set TMPDIR to a directory that can be written"
    return 1
  fi
  # A grandchild, so that an author's plain `wait` does not wait for jq. It ends when descriptor 7 closes.
  (jq --unbuffered -n -r -R "$polybolt__jq_program" <"$polybolt__jq_dir/questions" >"$polybolt__jq_dir/answers" \
    5>&- 8>&- 9<&- &)
  exec 7>"$polybolt__jq_dir/questions" 6<"$polybolt__jq_dir/answers"
  rm -rf "$polybolt__jq_dir"
  polybolt__jq_owner=$1
}

# Asks jq for operation $1 on the text $2 (and the keys after it). REPLY is the answer, or what is wrong (status 1),
# or empty for null (status 2). A jq that died is started once more for the same question, and the host is told.
polybolt__jq() {
  # Two sides of a pipeline must not read each other's answers: a subshell has a jq of its own.
  if polybolt__in_main; then polybolt__jq_want=main; else polybolt__jq_want=subshell; fi
  polybolt__jq_operation=$1
  shift
  polybolt__jq_mark=end
  while case "$*" in *"$polybolt__jq_mark"*) : ;; *) false ;; esac do polybolt__jq_mark=${polybolt__jq_mark}x; done
  for polybolt__jq_attempt in 1 2; do
    if [ "$polybolt__jq_owner" != "$polybolt__jq_want" ]; then
      polybolt__jq_start "$polybolt__jq_want" || return 1
    fi
    if printf '%s\n' "$polybolt__jq_operation $polybolt__jq_mark" "$@" "$polybolt__jq_mark" >&7 2>&5 &&
      IFS= read -r polybolt__jq_count <&6; then
      case $polybolt__jq_count in
        1) if IFS= read -r REPLY <&6; then return 0; fi ;;
        '!'*) REPLY=${polybolt__jq_count#?} && return 1 ;;
        -) REPLY='' && return 2 ;;
        '' | *[!0-9]*) ;;
        *) if polybolt__jq_answer; then return 0; fi ;;
      esac
    fi
    polybolt__jq_owner=''
    # Plain words only: the text of this log must not need jq.
    [ "$polybolt__jq_attempt" = 2 ] || polybolt_log 'jq has ended; starting it again' 3
  done
  REPLY='jq ended twice on the same question; look for its message on stderr, or for a signal (out of memory)'
  return 1
}

polybolt__jq_answer() {
  REPLY=''
  polybolt__jq_first=1
  while [ "$polybolt__jq_count" -gt 0 ]; do
    IFS= read -r polybolt__jq_line || return 1
    if [ -n "$polybolt__jq_first" ]; then REPLY=$polybolt__jq_line; else REPLY=$REPLY$polybolt__nl$polybolt__jq_line; fi
    polybolt__jq_first=''
    polybolt__jq_count=$((polybolt__jq_count - 1))
  done
} <&6

# --- JSON --------------------------------------------------------------------------------------------------

# REPLY becomes the JSON string of the text $1. Printable ASCII needs no help.
polybolt_quote() {
  case $1 in
    *[[:cntrl:]]* | *[!\ -~]* | *\"* | *\\*)
      polybolt__jq quote "$1" || polybolt_raise "cannot write a string: $REPLY" ;;
    *) REPLY=\"$1\" ;;
  esac
}

# REPLY becomes the JSON array of the texts given, each as a string.
polybolt_strings() {
  polybolt__array=''
  for polybolt__text do
    polybolt_quote "$polybolt__text" || return 1
    polybolt__array=$polybolt__array,$REPLY
  done
  REPLY="[${polybolt__array#,}]"
}

# The same for messages, which must come out whatever happens: without jq they are written with losses.
polybolt__quote_message() {
  case $1 in
    *[[:cntrl:]]* | *[!\ -~]* | *\"* | *\\*) polybolt__jq quote "$1" || polybolt__quote_lossy "$1" ;;
    *) REPLY=\"$1\" ;;
  esac
}

polybolt__quote_lossy() {
  polybolt__save_split "$polybolt__blank\"\\"
  # shellcheck disable=SC2086
  set -- $1
  IFS=' '
  REPLY="$*"
  polybolt__restore_split
  case $REPLY in
    *[[:cntrl:]]*) REPLY='"(a text with control characters, which cannot be written without jq)"' ;;
    *) REPLY=\"$REPLY\" ;;
  esac
}

# REPLY becomes what the JSON text $1 means: a string decoded, anything else as it is written. Null: empty, status 1.
polybolt__decode() {
  case $1 in
    \"*\\*\") polybolt__jq get "$1" || polybolt_raise "cannot read a string: $REPLY" ;;
    \"*\") REPLY=${1#?} && REPLY=${REPLY%?} ;;
    null) REPLY='' && return 1 ;;
    *) REPLY=$1 ;;
  esac
}

polybolt__trim() {
  REPLY=$1
  while :; do
    case $REPLY in
      [\ $polybolt__tab$polybolt__cr$polybolt__nl]*) REPLY=${REPLY#?} ;;
      *[\ $polybolt__tab$polybolt__cr$polybolt__nl]) REPLY=${REPLY%?} ;;
      *) return 0 ;;
    esac
  done
}

# Field splitting at the characters $1, without globbing, until polybolt__restore_split.
polybolt__save_split() {
  polybolt__ifs=${IFS-$polybolt__blank}
  case $- in *f*) polybolt__glob='' ;; *) polybolt__glob=1 && set -f ;; esac
  IFS=$1
}

polybolt__restore_split() {
  IFS=$polybolt__ifs
  [ -z "$polybolt__glob" ] || set +f
}

# Takes the JSON array or object $1 apart into polybolt__member_1 and so on, each as it is written (a member of an
# object with its key). Status 1 when brackets, quotes or commas do not fit. Text between quotes is at odd places.
polybolt__split() {
  polybolt__trim "$1"
  polybolt__save_split '"'
  # shellcheck disable=SC2086
  set -- $REPLY
  polybolt__restore_split
  polybolt__members=0 polybolt__open='' polybolt__member='' polybolt__inside='' polybolt__state=before
  for polybolt__piece do
    [ "$polybolt__state" != after ] || return 1
    if [ -n "$polybolt__inside" ]; then
      polybolt__member=$polybolt__member$polybolt__piece\"
      polybolt__ends_escaped "$polybolt__piece" || polybolt__inside=''
    else
      polybolt__structure "$polybolt__piece" || return 1
      # The quote that follows this piece; behind the last one there is none, and then nobody looks.
      polybolt__member=$polybolt__member\"
      polybolt__inside=1
    fi
  done
  while [ "$polybolt__members_max" -gt "$polybolt__members" ]; do
    unset "polybolt__member_$polybolt__members_max"
    polybolt__members_max=$((polybolt__members_max - 1))
  done
  polybolt__members_max=$polybolt__members
  [ "$polybolt__state" = after ]
}

# Does the text $1 end in an odd number of backslashes?
polybolt__ends_escaped() {
  case $1 in *\\) ;; *) return 1 ;; esac
  polybolt__escaped=$1
  while case $polybolt__escaped in *\\\\) : ;; *) false ;; esac do polybolt__escaped=${polybolt__escaped%??}; done
  case $polybolt__escaped in *\\) return 0 ;; esac
  return 1
}

# Follows brackets and commas through a piece of text that is outside all strings.
polybolt__structure() {
  polybolt__rest=$1
  while [ -n "$polybolt__rest" ]; do
    polybolt__word=${polybolt__rest%%[][\{\},]*}
    if [ "$polybolt__word" = "$polybolt__rest" ]; then
      case $polybolt__state in within) ;; *) polybolt__trim "$polybolt__word" && [ -z "$REPLY" ] || return 1 ;; esac
      polybolt__member=$polybolt__member$polybolt__word
      return 0
    fi
    polybolt__rest=${polybolt__rest#"$polybolt__word"}
    polybolt__sign=${polybolt__rest%"${polybolt__rest#?}"}
    polybolt__rest=${polybolt__rest#?}
    case $polybolt__state$polybolt__open$polybolt__sign in
      'before['* | 'before{'*)
        polybolt__trim "$polybolt__word" && [ -z "$REPLY" ] || return 1
        polybolt__state=within polybolt__open=$polybolt__sign polybolt__member='' ;;
      'within[,' | 'within{,')
        polybolt__add_member "$polybolt__member$polybolt__word" || return 1 ;;
      'within[]' | 'within{}')
        polybolt__state='after' polybolt__open=''
        polybolt__trim "$polybolt__member$polybolt__word"
        [ "$polybolt__members" = 0 ] && [ -z "$REPLY" ] || polybolt__add_member "$REPLY" || return 1 ;;
      within*[\[\{])
        polybolt__open=$polybolt__sign$polybolt__open
        polybolt__member=$polybolt__member$polybolt__word$polybolt__sign ;;
      'within['*']' | 'within{'*'}')
        polybolt__open=${polybolt__open#?}
        polybolt__member=$polybolt__member$polybolt__word$polybolt__sign ;;
      within*,) polybolt__member=$polybolt__member$polybolt__word, ;;
      *) return 1 ;;
    esac
  done
}

polybolt__add_member() {
  polybolt__trim "$1"
  # shellcheck disable=SC1083
  case $REPLY in [][\"{tfnNI0-9-]*) ;; *) return 1 ;; esac
  polybolt__members=$((polybolt__members + 1))
  eval "polybolt__member_$polybolt__members=\$REPLY"
  polybolt__member=''
}

# REPLY becomes the value of key $1 in the object that was split last, as it is written. Status 1: no such key.
polybolt__field() {
  polybolt__index=0
  while [ "$polybolt__index" -lt "$polybolt__members" ]; do
    polybolt__index=$((polybolt__index + 1))
    eval "REPLY=\$polybolt__member_$polybolt__index"
    case $REPLY in
      "\"$1\""*)
        polybolt__trim "${REPLY#"\"$1\""}"
        case $REPLY in :*) ;; *) return 1 ;; esac
        polybolt__trim "${REPLY#:}"
        return 0 ;;
    esac
  done
  REPLY=''
  return 1
}

# --- the tuple ---------------------------------------------------------------------------------------------

polybolt__split_tuple() {
  [ -z "$polybolt__is_split" ] || return 0
  polybolt__split "$polybolt_tuple" || {
    polybolt_raise "cannot take the tuple's values apart: $polybolt_tuple"
    return 1
  }
  polybolt__is_split=1
}

# polybolt_value INDEX [KEY…]: REPLY becomes the value, a string decoded, anything else as it is written. The keys
# lead into a nested value (and through jq). Status 1 and an empty REPLY: there is none, or it is null.
polybolt_value() {
  # The first value is a plain string, most often: found without taking the others apart.
  case "$*/$polybolt_tuple" in
    '0/["'*'"]')
      REPLY=${polybolt_tuple#??}
      REPLY=${REPLY%??}
      case $REPLY in *[\"\\]*) ;; *) return 0 ;; esac ;;
  esac
  case "$*/$polybolt_tuple" in
    '0/["'*)
      # Some shells take the square of the length for this.
      if [ "${#polybolt_tuple}" -lt 1000 ]; then
        REPLY=${polybolt_tuple#??}
        REPLY=${REPLY%%\"*}
        case $REPLY in *\\*) ;; *) return 0 ;; esac
      fi ;;
  esac
  polybolt_raw "$1" || return 1
  if [ $# = 1 ]; then
    polybolt__decode "$REPLY"
  else
    shift
    polybolt__path get "$REPLY" "$@"
  fi
}

# polybolt_raw INDEX: REPLY becomes the value's JSON text, as it is written. Status 1: there is none.
polybolt_raw() {
  case ${1-} in '' | *[!0-9]*) polybolt_raise "expected the index of a value, 0 or more, got '${1-}'" || return 1 ;; esac
  polybolt__split_tuple || return 1
  REPLY=''
  [ "$1" -lt "$polybolt__members" ] || return 1
  eval "REPLY=\$polybolt__member_$(($1 + 1))"
}

# polybolt_rest INDEX: REPLY becomes the JSON array of the values from that index on.
polybolt_rest() {
  case $1 in '' | *[!0-9]*) polybolt_raise "polybolt_rest: expected an index, got '$1'" || return 1 ;; esac
  polybolt__split_tuple || return 1
  polybolt__array=''
  polybolt__index=$1
  while [ "$polybolt__index" -lt "$polybolt__members" ]; do
    polybolt__index=$((polybolt__index + 1))
    eval "polybolt__array=\$polybolt__array,\$polybolt__member_$polybolt__index"
  done
  REPLY="[${polybolt__array#,}]"
}

# REPLY becomes the number of values.
polybolt_length() {
  polybolt__split_tuple || return 1
  REPLY=$polybolt__members
}

# polybolt__path OPERATION JSON KEY…
polybolt__path() {
  polybolt__operation=$1
  polybolt__text=$2
  shift 2
  # Each key goes to jq as a JSON string, so that one key is one line.
  for polybolt__key do
    shift
    polybolt_quote "$polybolt__key" || return 1
    set -- "$@" "$REPLY"
  done
  polybolt__jq "$polybolt__operation" "$polybolt__text" "$@" || {
    [ $? = 2 ] || polybolt_raise "cannot look into a value: $REPLY"
    REPLY=''
    return 1
  }
}

# polybolt_conf KEY [KEY…], polybolt_context KEY [KEY…]: as polybolt_value; with _raw REPLY is JSON text.
polybolt_conf() { polybolt__setting get conf "$@"; }
polybolt_conf_raw() { polybolt__setting raw conf "$@"; }
polybolt_context() { polybolt__setting get context "$@"; }
polybolt_context_raw() { polybolt__setting raw context "$@"; }

polybolt__setting() {
  REPLY=''
  # A key that is nowhere in the handshake is not worth starting jq for.
  case $3 in
    *[!a-zA-Z0-9._-]*) ;;
    *) case $polybolt__handshake in *"\"$3\""*) ;; *) return 1 ;; esac ;;
  esac
  polybolt__setting_operation=$1
  shift
  polybolt__path "$polybolt__setting_operation" "$polybolt__handshake" "$@"
}

# --- errors ------------------------------------------------------------------------------------------------

# A shell has no exceptions. A raised text stands in for one: until polybolt_rescue takes it back, emits, acks and
# fails of this turn do nothing, and when the author's function has returned the turn ends as after an exception.
polybolt_raise() {
  polybolt__raise raise "$1"
  return 1
}

polybolt__raise() {
  [ -z "$polybolt__raised" ] || return 1
  polybolt__kind=$1 polybolt__bracket=$polybolt__nowhere
  polybolt__raised=${2:-an error without a text}
  polybolt__find_trace
  return 1
}

# Status 0 and the text in REPLY when something was raised; it is then forgotten.
polybolt_rescue() {
  REPLY=$polybolt__raised
  polybolt__clear
  [ -n "$REPLY" ]
}

polybolt__clear() {
  polybolt__raised='' polybolt__bracket='['
  [ -z "$polybolt__reliable" ] || polybolt__bracket=$polybolt__nowhere
}

# bash can say which lines led here, with the author's functions only.
polybolt__find_trace() {
  polybolt__trace=''
  [ -n "${BASH_VERSION-}" ] || return 0
  polybolt__level=0
  # shellcheck disable=SC3044
  while polybolt__caller=$(caller "$polybolt__level"); do
    polybolt__level=$((polybolt__level + 1))
    case $polybolt__caller in
      *' polybolt_'*) ;;
      *' main '*) ;;
      *)
        polybolt__name=${polybolt__caller#* }
        polybolt__trace="$polybolt__trace$polybolt__nl  at ${polybolt__name%% *} (${polybolt__name#* }:${polybolt__caller%% *})" ;;
    esac
  done
}

# Reports the text $1 with the trace: bash's, and in any shell the function and tuple that were being worked on.
polybolt_report_error() {
  polybolt__find_trace
  polybolt__report "$1"
}

polybolt__report() {
  polybolt__quote_message "$1"
  polybolt__message=${REPLY%\"}
  polybolt__lines=$polybolt__trace
  [ -z "$polybolt__where" ] || polybolt__lines="$polybolt__lines$polybolt__nl  in $polybolt__where"
  [ -z "$polybolt_id" ] || polybolt__lines="$polybolt__lines, tuple $polybolt_id"
  # Line by line, so that an error whose text is plain is reported without jq.
  polybolt__save_split "$polybolt__nl"
  # shellcheck disable=SC2086
  set -- $polybolt__lines
  polybolt__restore_split
  for polybolt__entry do
    polybolt__quote_message "$polybolt__entry"
    polybolt__message="$polybolt__message\\n${REPLY#?}"
    polybolt__message=${polybolt__message%?}
  done
  polybolt__send "{\"command\":\"error\",\"msg\":$polybolt__message\""
  polybolt_flush
}

# Calls the author's function. Status 1 when it raised, which any status but 0 is.
polybolt__call() {
  polybolt__where=$1
  "$@" && polybolt__status=0 || polybolt__status=$?
  polybolt__returned
}

polybolt__returned() {
  if [ -n "$polybolt__raised" ]; then return 1; fi
  if [ "$polybolt__status" != 0 ]; then
    polybolt__raise raise "$polybolt__where returned $polybolt__status; a status other than 0 is an error: end it with 'return 0' if it was none"
    polybolt__trace=''
    return 1
  fi
  polybolt__where=''
}

polybolt__crash() {
  polybolt__report "$polybolt__raised"
  polybolt_flush
  trap - EXIT
  exit 1
}

# The shell ends while the author's code runs: exit, or what a shell takes for fatal (a wrong `shift`, set -u).
# A status above 128 is a signal's: somebody wants us gone.
polybolt__ended() {
  polybolt__in_main || return 0
  if [ -n "$polybolt__where" ] && [ "$1" -gt 0 ] && [ "$1" -lt 128 ]; then
    polybolt__trace=''
    polybolt__raised="$polybolt__where ended the shell with status $1${polybolt__raised:+: $polybolt__raised}"
    polybolt__crash
  fi
  polybolt_flush
}

# Is there a function of that name? Nothing but functions and builtins is found where no program is.
polybolt__defined() {
  PATH=/dev/null command -v "$1" >/dev/null 2>&1
}

polybolt__find_hooks() {
  polybolt__hooks=' '
  for polybolt__name in prepare process_tick open ack fail activate deactivate close; do
    ! polybolt__defined "$polybolt__name" || polybolt__hooks="$polybolt__hooks$polybolt__name "
  done
}

polybolt__hook() {
  case $polybolt__hooks in *" $1 "*) polybolt__call "$@" ;; esac
}

# --- emit, ack, fail ---------------------------------------------------------------------------------------

# polybolt_emit [--stream NAME] [--anchor ID]… [--unanchored] [--id JSON] [--task N] [--ids] [--check] ARRAY
# polybolt_emit [options] --strings TEXT…
# ARRAY is the values as JSON text. With --ids REPLY becomes a handle for polybolt_task_ids.
polybolt_emit() {
  case $#${1-} in
    '1[,'* | *',]' | *"$polybolt__nl"*) polybolt__emit_with "$@" ;;
    "1$polybolt__bracket"*']')
      if polybolt__in_main; then
        polybolt__out=$polybolt__out$polybolt__head$1$polybolt__tail
        # Appending costs what has collected already, hence a bound below the contract's 64 KiB.
        [ "${#polybolt__out}" -lt 16384 ] || polybolt__write
      else
        polybolt__send "$polybolt__head$1"
      fi ;;
    *) polybolt__emit_with "$@" ;;
  esac
}

# Every argument is a value: no text is ever taken for an option.
polybolt_emit_strings() {
  [ -z "$polybolt__raised" ] || return 1
  polybolt_strings "$@" && polybolt_emit "$REPLY"
}

polybolt__emit_with() {
  [ -z "$polybolt__raised" ] || return 1
  polybolt__opt_stream='' polybolt__opt_id='' polybolt__opt_task='' polybolt__opt_ids='' polybolt__opt_check=''
  polybolt__opt_anchors=''
  [ "$polybolt__mode" != basic ] || [ -z "$polybolt_id" ] || polybolt__opt_anchors=,\"$polybolt_id\"
  polybolt__opt_given=''
  while :; do
    case ${1-} in
      --stream | --anchor | --id | --task)
        [ $# -ge 2 ] || polybolt_raise "polybolt_emit: $1 needs a value after it" || return 1
        polybolt__option "$1" "$2" || return 1
        shift ;;
      --unanchored) polybolt__opt_anchors='' ;;
      --ids) polybolt__opt_ids=1 ;;
      --check) polybolt__opt_check=1 ;;
      --strings)
        shift
        polybolt_strings "$@" || return 1
        set -- "$REPLY"
        break ;;
      --*) polybolt_raise "polybolt_emit: there is no option $1" || return 1 ;;
      *) break ;;
    esac
    shift
  done
  [ $# = 1 ] || polybolt_raise "polybolt_emit: expected one JSON array after the options, got $# arguments" || return 1
  polybolt__checked "$1" || return 1
  polybolt__emit_frame "$REPLY"
}

polybolt__option() {
  case $polybolt__mode$1 in
    spout--anchor) polybolt_raise 'polybolt_emit: --anchor is for bolts; a spout names its tuple with --id' || return 1 ;;
    basic--id | plain--id) polybolt_raise 'polybolt_emit: --id is for spouts; a bolt names anchors with --anchor' || return 1 ;;
  esac
  case $1 in
    --stream) polybolt_quote "$2" && polybolt__opt_stream=$REPLY ;;
    --id) polybolt__check_id "$2" && polybolt__opt_id=$2 ;;
    --task)
      case $2 in '' | *[!0-9]*) polybolt_raise "polybolt_emit: --task needs a task's number, got '$2'" || return 1 ;; esac
      polybolt__opt_task=$2 ;;
    --anchor)
      polybolt__check_tuple_id "$2" || return 1
      # The first anchor named replaces the one a basic bolt would use.
      [ -n "$polybolt__opt_given" ] || polybolt__opt_anchors=''
      polybolt__opt_given=1
      polybolt__opt_anchors=$polybolt__opt_anchors,\"$2\" ;;
  esac
}

# REPLY becomes the array on one line. Brackets and end commas are looked at always, the whole text by jq when
# asked to, or when it has line breaks: only jq knows whether they are between tokens.
polybolt__checked() {
  REPLY=$1
  case $1 in
    '[,'* | *',]') ;;
    *"$polybolt__nl"* | *"$polybolt__cr"*) polybolt__opt_check=1 ;;
    '['*']') [ -n "$polybolt__opt_check" ] || return 0 ;;
  esac
  if [ -n "$polybolt__opt_check" ]; then
    if polybolt__jq type "$1"; then
      if [ "$REPLY" = array ]; then
        polybolt__join_lines "$1"
        return 0
      fi
      REPLY="its type is $REPLY"
    fi
    polybolt__raise values "cannot emit: the values must be the text of one JSON array ($REPLY), got: $(printf '%.200s' "$1")"
  else
    polybolt__raise values "cannot emit: the values must be the text of one JSON array, got: $(printf '%.200s' "$1")"
  fi
}

# REPLY becomes the text with a space for each run of line breaks.
polybolt__join_lines() {
  polybolt__save_split "$polybolt__nl$polybolt__cr"
  # shellcheck disable=SC2086
  set -- $1
  IFS=' '
  REPLY="$*"
  polybolt__restore_split
}

polybolt__emit_frame() {
  polybolt__frame='{"command":"emit"'
  if [ "$polybolt__mode" = spout ]; then
    [ -z "$polybolt__opt_id" ] || polybolt__frame="$polybolt__frame,\"id\":$polybolt__opt_id"
  else
    [ -z "$polybolt__opt_anchors" ] || polybolt__frame="$polybolt__frame,\"anchors\":[${polybolt__opt_anchors#,}]"
  fi
  case $polybolt__opt_stream in '' | '"default"') ;; *) polybolt__frame="$polybolt__frame,\"stream\":$polybolt__opt_stream" ;; esac
  [ -z "$polybolt__opt_task" ] || polybolt__frame="$polybolt__frame,\"task\":$polybolt__opt_task"
  polybolt__id_key=''
  if [ -n "$polybolt__reliable" ] && [ -n "$polybolt__opt_id" ]; then
    polybolt__in_main || polybolt_raise 'a reliable spout cannot emit in a subshell (a pipeline)' || return 1
    polybolt__id_name "$polybolt__opt_id" || return 1
    polybolt__id_key=$REPLY
  fi
  polybolt__quiet="$polybolt__frame,\"need_task_ids\":false,\"tuple\":$1"
  if [ -n "$polybolt__opt_ids" ] && [ -z "$polybolt__opt_task" ]; then
    polybolt__in_main ||
      polybolt_raise 'polybolt_emit: task ids cannot be asked for in a subshell (a pipeline): the answer would come to the shell around it' || return 1
    polybolt__send "$polybolt__frame,\"tuple\":$1"
    polybolt__asked=$((polybolt__asked + 1))
    REPLY=$polybolt__asked
  else
    polybolt__send "$polybolt__quiet"
    # The host never answers a direct emit: who asks gets the task that was named.
    [ -z "$polybolt__opt_ids" ] || REPLY=task:$polybolt__opt_task
  fi
  # A reliable spout keeps the frame until its id is acked.
  if [ -n "$polybolt__id_key" ]; then
    eval "polybolt__sent_$polybolt__id_key=\$polybolt__quiet"
    unset "polybolt__failed_$polybolt__id_key"
  fi
}

# A spout's id is JSON text. Numbers and plain strings are seen to be right, the rest jq looks at.
polybolt__check_id() {
  polybolt__id_inner=${1#\"}
  case $1 in
    0 | [1-9]*) case $1 in *[!0-9]*) ;; *) return 0 ;; esac ;;
    \"*\")
      polybolt__id_inner=${polybolt__id_inner%\"}
      case $polybolt__id_inner in *[!a-zA-Z0-9_.:/-]*) ;; *) return 0 ;; esac ;;
  esac
  case $1 in
    *"$polybolt__nl"* | *"$polybolt__cr"*) REPLY='it holds a line break' ;;
    *) polybolt__jq type "$1" && return 0 ;;
  esac
  polybolt__raise values "polybolt_emit: --id needs JSON text (5, or '\"abc\"' with its quotes), got '$1' ($REPLY)"
}

# A tuple's id goes back as it came: nothing that would break the frame may be in it.
polybolt__check_tuple_id() {
  case $1 in
    '') ;;
    *[!a-zA-Z0-9_.:/-]*) case $1 in *"$polybolt__nl"*) ;; *) polybolt__jq type "\"$1\"" && return 0 ;; esac ;;
    *) return 0 ;;
  esac
  polybolt_raise "expected a tuple's id, as polybolt_id holds it, got '$1'"
}

# polybolt_ack [ID], polybolt_fail [ID]: of the current tuple, unless another is named. Status 1 does nothing: raised.
polybolt_ack() { polybolt__settle ack "$@"; }
polybolt_fail() { polybolt__settle fail "$@"; }

polybolt__settle() {
  [ -z "$polybolt__raised" ] || return 1
  [ "$polybolt__mode" != spout ] || polybolt_raise "polybolt_$1 is for bolts: a spout emits with --id and is told" || return 1
  if [ $# = 1 ] || [ "$2" = "$polybolt_id" ]; then
    [ -n "$polybolt_id" ] || polybolt_raise "polybolt_$1: there is no current tuple; name one by its id" || return 1
    polybolt__in_main || polybolt_raise "polybolt_$1 cannot be used in a subshell (a pipeline)" || return 1
    polybolt__settled=1
    polybolt__send "{\"command\":\"$1\",\"id\":\"$polybolt_id\""
  else
    polybolt__check_tuple_id "$2" || return 1
    polybolt__send "{\"command\":\"$1\",\"id\":\"$2\""
  fi
}

# --- log, metrics ------------------------------------------------------------------------------------------

# polybolt_log TEXT [LEVEL]: 0 or trace, 1 debug, 2 info (the default), 3 warn, 4 error.
polybolt_log() {
  case ${2-2} in
    trace) set -- "$1" 0 ;;
    debug) set -- "$1" 1 ;;
    warn) set -- "$1" 3 ;;
    error) set -- "$1" 4 ;;
    [0-4]) ;;
    *) set -- "$1" 2 ;;
  esac
  polybolt__quote_message "$1"
  polybolt__send "{\"command\":\"log\",\"msg\":$REPLY,\"level\":${2-2}"
  polybolt_flush
}

polybolt_trace() { polybolt_log "$1" 0; }
polybolt_debug() { polybolt_log "$1" 1; }
polybolt_info() { polybolt_log "$1" 2; }
polybolt_warn() { polybolt_log "$1" 3; }
polybolt_error() { polybolt_log "$1" 4; }

# polybolt_report_metric NAME PARAMS, the latter JSON text; anything but a plain number is looked at by jq.
polybolt_report_metric() {
  case $2 in
    '' | *[!0-9]*)
      if ! polybolt__jq type "$2"; then
        polybolt__raise values "polybolt_report_metric: the parameters must be JSON text, got '$2' ($REPLY)" || return 1
      fi
      polybolt__join_lines "$2"
      set -- "$1" "$REPLY" ;;
  esac
  polybolt_quote "$1" || return 1
  polybolt__send "{\"command\":\"metrics\",\"name\":$REPLY,\"params\":$2"
}

# --- reading -----------------------------------------------------------------------------------------------

# polybolt__line becomes the next message, on one line. Status 1: the input has ended.
# Hot path: all but two bytes in a hundred of a component's time go into these two reads and what follows them.
polybolt__read() {
  { IFS= read -r polybolt__line && IFS= read -r polybolt__end; } <&9 || return 1
  case $polybolt__end in
    end) case $polybolt__line in '{'*'}' | '['*']') return 0 ;; esac ;;
  esac
  polybolt__read_lines
}

# The rare shapes: blank lines, CRLF, JSON spread over lines. The first two lines have been read.
polybolt__read_lines() {
  polybolt__text=''
  for polybolt__one in "$polybolt__line" "$polybolt__end"; do
    polybolt__one=${polybolt__one%"$polybolt__cr"}
    case $polybolt__one in
      end)
        polybolt__take && return 0 ;;
      *) polybolt__text=$polybolt__text$polybolt__one' ' ;;
    esac
  done
  while IFS= read -r polybolt__one <&9; do
    polybolt__one=${polybolt__one%"$polybolt__cr"}
    case $polybolt__one in
      end)
        polybolt__take && return 0 ;;
      *) polybolt__text=$polybolt__text$polybolt__one' ' ;;
    esac
  done
  return 1
}

polybolt__take() {
  polybolt__trim "$polybolt__text"
  polybolt__line=$REPLY
  polybolt__text=''
  case $polybolt__line in '{'*'}' | '['*']') return 0 ;; esac
  polybolt__unreadable
}

polybolt__unreadable() {
  polybolt_flush
  polybolt__where=''
  printf 'polybolt: cannot read a message from the host (expected one JSON object or array and a line "end"): %.200s\n' "$polybolt__line" >&2
  trap - EXIT
  exit 1
}

# The next message that is no list of task ids: first those that came while somebody waited for such a list.
polybolt__next() {
  if [ "$polybolt__queue_head" != "$polybolt__queue_tail" ]; then
    polybolt__queue_head=$((polybolt__queue_head + 1))
    eval "polybolt__line=\$polybolt__queued_$polybolt__queue_head"
    unset "polybolt__queued_$polybolt__queue_head"
    return 0
  fi
  while polybolt__read; do
    case $polybolt__line in '['*) polybolt__take_ids ;; *) return 0 ;; esac
  done
  return 1
}

# A list is kept only if it was asked for in this turn: nobody has a handle for the others any more.
polybolt__take_ids() {
  case $polybolt__line in *']') ;; *) polybolt__unreadable ;; esac
  [ "$polybolt__answered" -lt "$polybolt__asked" ] || return 0
  polybolt__answered=$((polybolt__answered + 1))
  [ "$polybolt__answered" -lt "$polybolt__turn" ] || eval "polybolt__ids_$polybolt__answered=\$polybolt__line"
}

# polybolt_task_ids HANDLE: REPLY becomes the list as JSON text. Waits for it if it is not here yet. A handle is good
# until the function of yours that asked has returned.
polybolt_task_ids() {
  case $1 in
    task:*) REPLY="[${1#task:}]" && return 0 ;;
    '' | *[!0-9]*) polybolt_raise "polybolt_task_ids: expected the handle that --ids gave, got '$1'" || return 1 ;;
  esac
  polybolt__in_main || polybolt_raise 'polybolt_task_ids cannot be used in a subshell (a pipeline)' || return 1
  [ -z "$polybolt__raised" ] || return 1
  [ "$1" -ge "$polybolt__turn" ] && [ "$1" -le "$polybolt__asked" ] ||
    polybolt_raise "polybolt_task_ids: handle $1 is of an earlier turn" || return 1
  polybolt_flush
  while [ "$polybolt__answered" -lt "$1" ]; do
    polybolt__read || polybolt__finish
    case $polybolt__line in
      '['*) polybolt__take_ids ;;
      *)
        polybolt__queue_tail=$((polybolt__queue_tail + 1))
        eval "polybolt__queued_$polybolt__queue_tail=\$polybolt__line" ;;
    esac
  done
  eval "REPLY=\$polybolt__ids_$1"
}

# A turn is one tuple or one command. The lists of the turn before are forgotten.
polybolt__start_turn() {
  while [ "$polybolt__turn" -le "$polybolt__asked" ]; do
    unset "polybolt__ids_$polybolt__turn"
    polybolt__turn=$((polybolt__turn + 1))
  done
}

# --- bolts -------------------------------------------------------------------------------------------------

# Takes the message apart; status 1 when it is no tuple. Our host's shape is recognised by its pieces between
# quotes; any other order, spacing or escape goes the long way round.
polybolt__parse_tuple() {
  polybolt__is_split=''
  polybolt__ifs=${IFS-$polybolt__blank}
  case $- in *f*) polybolt__glob='' ;; *) polybolt__glob=1 && set -f ;; esac
  IFS='"'
  # shellcheck disable=SC2086
  set -- $polybolt__line
  if [ $# -gt 16 ]; then
    case $1$2$3$5$6$7$9${10}${11}${13}${14}${16} in
      '{id:,comp:,stream:,tasktuple')
        polybolt_id=$4 polybolt_component=$8 polybolt_stream=${12} polybolt_task=${15}
        shift 16
        polybolt_tuple="$*"
        IFS=$polybolt__ifs
        [ -z "$polybolt__glob" ] || set +f
        polybolt_task=${polybolt_task#:}
        polybolt_task=${polybolt_task%,}
        polybolt_tuple=${polybolt_tuple#:}
        polybolt_tuple=${polybolt_tuple%\}}
        # A key behind the array would be taken for a part of it; an escape may have moved the pieces.
        case $polybolt_id$polybolt_component$polybolt_stream in
          *\\*) ;;
          *)
            case $polybolt_tuple in
              *'":'* | *'" '* | *"\"$polybolt__tab"*)
                case $polybolt_tuple in
                  *']'*'":'* | *']'*'" '* | *']'*"\"$polybolt__tab"*) ;;
                  '['*']') return 0 ;;
                esac ;;
              '['*']') return 0 ;;
            esac ;;
        esac
        polybolt__parse_fields
        return ;;
    esac
  fi
  IFS=$polybolt__ifs
  [ -z "$polybolt__glob" ] || set +f
  polybolt__parse_fields
}

polybolt__parse_fields() {
  case $polybolt__line in '{'*) ;; *) polybolt__unreadable ;; esac
  polybolt__split "$polybolt__line" || polybolt__unreadable
  polybolt__field tuple || return 1
  polybolt_tuple=$REPLY
  # The id is never looked into, so it stays as it is written, less its quotes.
  polybolt__field id || return 1
  polybolt_id=${REPLY#\"}
  polybolt_id=${polybolt_id%\"}
  polybolt__field task || REPLY=''
  polybolt_task=$REPLY
  polybolt_component='' polybolt_stream=default
  if polybolt__field comp && polybolt__decode "$REPLY"; then polybolt_component=$REPLY; fi
  if polybolt__field stream && polybolt__decode "$REPLY"; then polybolt_stream=$REPLY; fi
}

# Ends the turn of a tuple whose function raised: error and fail. Only what a plain bolt raised itself ends it; values
# that are no JSON cost the tuple in every bolt.
polybolt__tuple_raised() {
  if [ "$polybolt__mode" = plain ] && [ "$polybolt__kind" != values ]; then polybolt__crash; fi
  polybolt__report "$polybolt__raised"
  polybolt__where=''
  polybolt__clear
  [ -n "$polybolt__settled" ] || polybolt__settle fail
}

polybolt__run_bolt() {
  polybolt__mode=$1
  polybolt__begin process prepare
  while polybolt__next; do
    polybolt__parse_tuple || continue
    polybolt__settled=''
    [ "$polybolt__turn" -gt "$polybolt__asked" ] || polybolt__start_turn
    if [ "$polybolt__mode" = basic ]; then
      polybolt__head="{\"command\":\"emit\",\"anchors\":[\"$polybolt_id\"],\"need_task_ids\":false,\"tuple\":"
    fi
    case $polybolt_component/$polybolt_stream in
      */__heartbeat) polybolt__out="$polybolt__out{\"command\":\"sync\"$polybolt__tail" ;;
      __system/__tick)
        if polybolt__hook process_tick; then
          [ -n "$polybolt__settled" ] || polybolt__settle ack
        else
          polybolt__tuple_raised
        fi ;;
      *)
        polybolt__where=process
        process && polybolt__status=0 || polybolt__status=$?
        if [ "$polybolt__status$polybolt__raised" != 0 ] && ! polybolt__returned; then
          polybolt__tuple_raised
        elif [ "$polybolt__mode$polybolt__settled" = basic ]; then
          polybolt__out="$polybolt__out{\"command\":\"ack\",\"id\":\"$polybolt_id\"$polybolt__tail"
        fi
        polybolt__where='' ;;
    esac
    polybolt__write
  done
  polybolt__finish
}

polybolt_basic_bolt() { polybolt__run_bolt basic; }
polybolt_bolt() { polybolt__run_bolt plain; }

# --- spouts ------------------------------------------------------------------------------------------------

# polybolt__command becomes the message's command, polybolt__id its id as JSON text. Status 1: there is no command.
polybolt__parse_command() {
  polybolt__command='' polybolt__id=''
  case $polybolt__line in
    '{"command":"next","id":""}' | '{"command":"next"}') polybolt__command=next && return 0 ;;
    '{"command":"ack","id":'*[0-9]'}') polybolt__id=${polybolt__line#'{"command":"ack","id":'} ;;
  esac
  polybolt__id=${polybolt__id%\}}
  case $polybolt__id in
    '' | *[!0-9]*) ;;
    *) polybolt__command=ack && return 0 ;;
  esac
  polybolt__split "$polybolt__line" || polybolt__unreadable
  polybolt__field id || REPLY=''
  polybolt__id=$REPLY
  polybolt__field command && polybolt__decode "$REPLY" || return 1
  polybolt__command=$REPLY
}

# REPLY becomes a piece of a variable's name for the spout's id $1: two spellings of one id have one name.
polybolt__id_name() {
  case $1 in
    0 | [1-9]*) case $1 in *[!0-9]*) ;; *) REPLY=n$1 && return 0 ;; esac ;;
    \"*\")
      REPLY=${1#\"}
      REPLY=${REPLY%\"}
      case $REPLY in *[!a-zA-Z0-9]*) ;; *) REPLY=s$REPLY && return 0 ;; esac ;;
  esac
  polybolt__jq key "$1" || polybolt_raise "cannot read the id $1: $REPLY" || return 1
  REPLY=x$REPLY
}

polybolt__forget() {
  [ -n "$polybolt__reliable" ] && polybolt__id_name "$1" || return 0
  unset "polybolt__sent_$REPLY" "polybolt__failed_$REPLY"
}

# Emits it again at the next `next`; a second fail of the same emission changes nothing.
polybolt__plan_replay() {
  [ -n "$polybolt__reliable" ] && polybolt__id_name "$1" || return 0
  eval "[ -n \"\${polybolt__sent_$REPLY-}\" ] && [ -z \"\${polybolt__failed_$REPLY-}\" ]" || return 0
  eval "polybolt__failed_$REPLY=1"
  polybolt__again_tail=$((polybolt__again_tail + 1))
  eval "polybolt__again_$polybolt__again_tail=\$REPLY"
}

polybolt__replay() {
  while [ "$polybolt__again_head" != "$polybolt__again_tail" ]; do
    polybolt__again_head=$((polybolt__again_head + 1))
    eval "REPLY=\$polybolt__again_$polybolt__again_head"
    unset "polybolt__again_$polybolt__again_head"
    eval "polybolt__frame=\${polybolt__failed_$REPLY:+\$polybolt__sent_$REPLY}"
    unset "polybolt__failed_$REPLY"
    [ -z "$polybolt__frame" ] || polybolt__send "$polybolt__frame"
  done
}

polybolt__run_spout() {
  polybolt__mode=spout polybolt__reliable=$1
  polybolt__clear
  polybolt__begin next_tuple open
  while polybolt__next; do
    polybolt__parse_command || continue
    [ "$polybolt__turn" -gt "$polybolt__asked" ] || polybolt__start_turn
    case $polybolt__command in
      next)
        polybolt__replay
        polybolt__call next_tuple || polybolt__command_raised ;;
      ack)
        polybolt__forget "$polybolt__id"
        polybolt__hook ack "$polybolt__id" || polybolt__command_raised ;;
      fail)
        polybolt__plan_replay "$polybolt__id"
        polybolt__hook fail "$polybolt__id" || polybolt__command_raised ;;
      activate | deactivate)
        polybolt__hook "$polybolt__command" || polybolt__command_raised ;;
    esac
    # Also after a command we do not know: a host that waits for a sync would wait for ever, a surplus one costs nothing.
    polybolt__out="$polybolt__out{\"command\":\"sync\"$polybolt__tail"
    polybolt__write
  done
  polybolt__finish
}

polybolt__command_raised() {
  [ "$polybolt__kind" = values ] || polybolt__crash
  polybolt__report "$polybolt__raised"
  polybolt__where=''
  polybolt__clear
}

polybolt_spout() { polybolt__run_spout ''; }
polybolt_reliable_spout() { polybolt__run_spout 1; }

# --- start and end -----------------------------------------------------------------------------------------

# polybolt__begin REQUIRED HOOK: the handshake, then the author's prepare or open.
polybolt__begin() {
  if ! polybolt__defined "$1"; then
    printf 'polybolt: there is no function %s; define %s() before the line that starts the component\n' "$1" "$1" >&2
    exit 1
  fi
  polybolt__find_hooks
  # Not ignored, which children would inherit: a handler turns the signal into a failed write.
  trap : PIPE
  trap 'polybolt__ended $?' EXIT
  polybolt__read || polybolt__finish
  case $polybolt__line in '{'*'}') ;; *) polybolt__unreadable ;; esac
  polybolt__handshake=$polybolt__line
  polybolt__read_pid_dir
  polybolt__out="{\"pid\":$$$polybolt__tail"
  polybolt_flush
  if [ -n "$polybolt__pid_dir" ] && ! { true >|"$polybolt__pid_dir/$$"; } 2>&5; then
    printf 'polybolt: cannot create the pid file %s in pidDir; going on without it\n' "$polybolt__pid_dir/$$" >&2
  fi
  polybolt__hook "$2" || polybolt__crash
  polybolt_flush
}

polybolt__read_pid_dir() {
  polybolt__pid_dir=''
  case $polybolt__handshake in
    '{"pidDir":"'*)
      polybolt__pid_dir=${polybolt__handshake#'{"pidDir":"'}
      polybolt__pid_dir=${polybolt__pid_dir%%\"*}
      case $polybolt__pid_dir in *\\*) ;; *) return 0 ;; esac ;;
  esac
  polybolt__split "$polybolt__handshake" || polybolt__unreadable
  polybolt__pid_dir=''
  if polybolt__field pidDir && polybolt__decode "$REPLY"; then polybolt__pid_dir=$REPLY; fi
  polybolt__clear
}

# The input has ended: also in the middle of a wait for task ids.
polybolt__finish() {
  polybolt_flush
  polybolt__where='' polybolt_id='' polybolt__head=$polybolt__plain_head
  polybolt__hook close || polybolt__crash
  polybolt_flush
  trap - EXIT
  exit 0
}

# The guard: nothing but frames reaches the host, whatever the author's code and its children print, read or set.
# Invariant: what is printed is found on stderr, unchanged.

{ echo "$hello"; t 1 '["print","{\"command\":\"ack\"}"]'; t 2 '["spawn","from a child"]'; } | messages | run "$here/reference/bolt"
answers 'what user code and its children print on stdout does not reach the host' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["print","{\"command\":\"ack\"}"]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["spawn","from a child"]}
{"command":"ack","id":"2"}
END
same 'it is on stderr' "$(cat err)" '{"command":"ack"}
from a child'

component noisy <<'END'
echo 'while the file is read'
prepare() { echo 'in prepare'; }
process() { cat; sh -c 'cat; echo child' | cat; polybolt_emit "$polybolt_tuple"; }
close() { echo 'in close'; }
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["a"]'; t 2 '["b"]'; } | messages | run noisy
answers 'children find an empty stdin and do not eat the host s messages' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a"]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["b"]}
{"command":"ack","id":"2"}
END
same 'prints from any place are on stderr' "$(tr '\n' ',' <err)" 'while the file is read,in prepare,child,child,in close,'

# The daemon lives until its own FIFO is closed, which is after the end of our output has been seen.
component daemon <<'END'
process() {
  case $1 in
    spawn) polybolt_spawn cat daemon.fifo >/dev/null 2>&1 ;;
    run) polybolt_run sh -c 'cat daemon.fifo >/dev/null 2>&1 &' ;;
  esac
  polybolt_emit "$polybolt_tuple"
}
END
for way in spawn run; do
  { sed "s/case \$1 in/case $way in/" daemon && echo polybolt_basic_bolt; } >"daemon_$way"
  mkfifo daemon.fifo
  # shellcheck disable=SC2086
  { echo "$hello"; t 1 '["a"]'; } | messages | { $shell "daemon_$way" 2>err; } | cat >raw
  : >daemon.fifo
  rm daemon.fifo
  frames <raw >out
  same "a daemon started with polybolt_$way does not hold our output open" "$(tail -n 1 out)" '{"command":"ack","id":"1"}'
done

component pipeline <<'END'
process() {
  polybolt_emit '["before"]'
  polybolt_value 0
  printf '%s\n' "$REPLY" | tr ' ' '\n' | while read -r word; do polybolt_emit_strings "$word"; done
  (polybolt_emit '["subshell"]'; polybolt_flush; polybolt_info 'from inside')
  polybolt_emit '["after"]'
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["one two é"]'; } | messages | run pipeline
sort out >out.sorted
same 'emits in a pipeline or subshell reach the host, once each, before the ack' "$(cat out.sorted; tail -n 1 out)" \
  '{"command":"ack","id":"1"}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["after"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["before"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["one"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["subshell"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["two"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é"]}
{"command":"log","msg":"from inside","level":2}
{"pid":N}
{"command":"ack","id":"1"}'

component both_sides <<'END'
process() {
  polybolt_quote 'é0' && start=$REPLY
  { for i in 1 2 3 4 5; do polybolt_quote "é$i" && printf '%s\n' "$REPLY"; done; } |
    while read -r text; do polybolt_quote "<$text>" && polybolt_emit "[$start,$REPLY]"; done
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run both_sides
answers 'both sides of a pipeline may need jq without reading each other s answers' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é0","<\"é1\">"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é0","<\"é2\">"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é0","<\"é3\">"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é0","<\"é4\">"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é0","<\"é5\">"]}
{"command":"ack","id":"1"}
END

component refused <<'END'
process() {
  true | polybolt_emit --ids '["x"]' || echo 'ids refused'
  true | polybolt_ack || echo 'ack refused'
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run refused
answers 'what a subshell could only do wrong is refused there' <<'END'
{"command":"ack","id":"1"}
END
same 'and says so by its status' "$(cat err)" 'ids refused
ack refused'

component strict <<'END'
set -eu
IFS=,
close() { printf '%s|%s\n' "$IFS" "$-"; }
process() {
  polybolt_value 0 && text=$REPLY
  set -- $text
  polybolt_emit_strings "$@"
  polybolt_value 1 && polybolt_emit_strings "$REPLY" "$(echo ?)"
}
polybolt_basic_bolt
END
: >z
mkdir empty && cd empty && : >f
{ echo "$hello"; t 1 '["a b,c","q\"*"]'; t 2 '["d","é"]'; } | messages | run ../strict
answers 'set -eu, an IFS of the author s and globbing are as the author left them' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a b","c"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["q\"*","f"]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["d"]}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["é","f"]}
{"command":"ack","id":"2"}
END
same 'also at the end' "$(sed 's/|.*e.*u.*/|eu/; s/|.*u.*e.*/|eu/' err)" ',|eu'
cd ..

component waits <<'END'
process() {
  polybolt_quote é
  (exit 0) &
  wait
  polybolt_emit "[$REPLY]"
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run waits
answers 'a plain wait of the author s does not wait for jq' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é"]}
{"command":"ack","id":"1"}
END

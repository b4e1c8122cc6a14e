# Bolts: what a basic and a plain bolt answer to tuples, ticks and heartbeats, and to errors of every kind.
# Invariant: expectations are literal; the trace lines that only bash has are cut off by `no_trace`.

no_trace() {
  sed 's/\\n  at [^"]*\\n  in /\\n  in /' out >out.cut && mv out.cut out
}

{ echo "$hello"; t 1 '["echo","a b",1.0]'; t 2 '["fail"]'; t 3 '["emit_many",3]'; } | messages | run "$here/reference/bolt"
answers 'a basic bolt anchors its emits to the input and acks it; polybolt_fail fails it without an error' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["echo","a b",1.0]}
{"command":"ack","id":"1"}
{"command":"fail","id":"2"}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":["emit_many",0]}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":["emit_many",1]}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":["emit_many",2]}
{"command":"ack","id":"3"}
END

{ echo "$hello"; t 1 '["throw","it broke"]'; t 2 '["echo"]'; } | messages | run "$here/reference/bolt"
cp out traced
no_trace
answers 'a basic bolt that raises reports the error, fails the tuple and lives on' <<'END'
{"command":"error","msg":"it broke\n  in process, tuple 1"}
{"command":"fail","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["echo"]}
{"command":"ack","id":"2"}
END
case $shell in
  bash)
    same 'under bash the trace names function, file and line' \
      "$(grep -c 'it broke\\n  at process (.*/reference/bolt:[0-9]*)\\n  in process' traced)" 1 ;;
esac

component status <<'END'
process() { polybolt_emit '["before"]'; [ "$polybolt_id" = 2 ]; }
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; t 2 '["x"]'; } | messages | run status
answers 'a status other than 0 is an error, and says how to return without one' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["before"]}
{"command":"error","msg":"process returned 1; a status other than 0 is an error: end it with 'return 0' if it was none\n  in process, tuple 1"}
{"command":"fail","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["before"]}
{"command":"ack","id":"2"}
END

component ignored <<'END'
process() {
  polybolt_emit 'no JSON'
  polybolt_emit '["after"]'
  polybolt_ack
  return 0
}
"polybolt_${1}bolt"
END
{ echo "$hello"; t 1 '["x"]'; t 2 '["x"]'; } | messages >input
for kind in basic_ ''; do
  run ignored "$kind" <input
  no_trace
  answers "an error nobody looks at still fails the tuple, and holds back what comes after it (${kind:-plain })" <<'END'
{"command":"error","msg":"cannot emit: the values must be the text of one JSON array, got: no JSON\n  in process, tuple 1"}
{"command":"fail","id":"1"}
{"command":"error","msg":"cannot emit: the values must be the text of one JSON array, got: no JSON\n  in process, tuple 2"}
{"command":"fail","id":"2"}
END
done

component rescued <<'END'
process() {
  polybolt_emit 'no JSON' || { polybolt_rescue && polybolt_emit_strings "$REPLY"; }
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run rescued
answers 'polybolt_rescue takes an error back and hands over its text' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["cannot emit: the values must be the text of one JSON array, got: no JSON"]}
{"command":"ack","id":"1"}
END

{ echo "$hello"; t 1 '["unencodable"]'; t 2 '["echo"]'; } | messages | run "$here/reference/plain-bolt"
no_trace
answers 'values that are no JSON cost a plain bolt the tuple, not the process' <<'END'
{"command":"error","msg":"cannot emit: the values must be the text of one JSON array, got: no JSON at all\n  in process, tuple 1"}
{"command":"fail","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["echo"]}
{"command":"ack","id":"2"}
END

{ echo "$hello"; t 1 '["hold"]'; t 2 '["hold"]'; t 3 '["join"]'; t 4 '["hold"]'; t 5 '["release"]'; t 6 '["unanchored","u"]'; } |
  messages | run "$here/reference/plain-bolt"
answers 'a plain bolt holds, joins and acks its tuples itself, and names its anchors' <<'END'
{"command":"emit","anchors":["1","2","3"],"need_task_ids":false,"tuple":["join",2]}
{"command":"ack","id":"1"}
{"command":"ack","id":"2"}
{"command":"ack","id":"3"}
{"command":"ack","id":"4"}
{"command":"ack","id":"5"}
{"command":"emit","need_task_ids":false,"tuple":["unanchored","u"]}
{"command":"ack","id":"6"}
END

{ echo "$hello"; t 1 '["throw","over"]'; t 2 '["echo"]'; } | messages | run "$here/reference/plain-bolt"
no_trace
answers 'an error that leaves a plain bolt is reported and ends it with status 1' 1 <<'END'
{"command":"error","msg":"over\n  in process, tuple 1"}
END

for body in 'polybolt_raise "not today"' 'exit 3' 'shift 9; set -u; : "$nothing_of_that_name"'; do
  component crash <<END
prepare() { $body; }
process() { :; }
polybolt_basic_bolt
END
  { echo "$hello"; t 1 '["x"]'; } | messages | run crash
  same "an error in prepare is reported and ends any bolt with status 1 ($body)" \
    "$(grep -c '^{"command":"error","msg":".*in prepare"}$' out) $(wc -l <out) exit $(cat code)" "1 2 exit 1"
done

component leaves <<'END'
process() { polybolt_emit '["sent"]'; exit "${1-$polybolt_id}"; }
polybolt_basic_bolt
END
{ echo "$hello"; t 7 '["x"]'; t 8 '["x"]'; } | messages | run leaves
answers 'exit with a status in process flushes, reports and ends with status 1' 1 <<'END'
{"command":"emit","anchors":["7"],"need_task_ids":false,"tuple":["sent"]}
{"command":"error","msg":"process ended the shell with status 7\n  in process, tuple 7"}
END
{ echo "$hello"; t 0 '["x"]'; t 8 '["x"]'; } | messages | run leaves
answers 'exit 0 in process flushes and ends with status 0' <<'END'
{"command":"emit","anchors":["0"],"need_task_ids":false,"tuple":["sent"]}
END

tick='{"id":"9","comp":"__system","stream":"__tick","task":-1,"tuple":[5]}'
beat='{"id":"b","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}'
{ echo "$hello"; t 1 '["ticks"]'; echo "$tick"; echo "$beat"; echo "$tick"; t 2 '["ticks"]'; } | messages | run "$here/reference/bolt"
answers 'ticks go to process_tick and are acked, heartbeats are answered with sync, all in order' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["ticks",0]}
{"command":"ack","id":"1"}
{"command":"ack","id":"9"}
{"command":"sync"}
{"command":"ack","id":"9"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["ticks",2]}
{"command":"ack","id":"2"}
END
{ echo "$hello"; echo "$tick"; t 1 '["echo"]'; } | messages | run "$here/reference/plain-bolt"
answers 'a tick that nobody handles is acked, by a plain bolt too, and never reaches process' <<'END'
{"command":"ack","id":"9"}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["echo"]}
{"command":"ack","id":"1"}
END

component bad_tick <<'END'
process_tick() { polybolt_raise tock; }
process() { :; }
polybolt_basic_bolt
END
{ echo "$hello"; echo "$tick"; t 1 '["x"]'; } | messages | run bad_tick
no_trace
answers 'an error in process_tick fails the tick and the bolt lives on' <<'END'
{"command":"error","msg":"tock\n  in process_tick, tuple 9"}
{"command":"fail","id":"9"}
{"command":"ack","id":"1"}
END

{ echo "$hello"; echo '{"command":"dance","id":""}'; echo '{"news":[1]}'
  echo '{"id":"1","comp":"c","stream":"default","task":1,"tuple":["echo",[]],"later":[{"a":[]}]}'
  echo '{"id":"2","comp":"c","stream":"default","task":1,"tuple":["echo",{"tuple":[1]}]}'; } | messages | run "$here/reference/bolt"
answers 'unknown commands and unknown keys are ignored' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["echo",[]]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["echo",{"tuple":[1]}]}
{"command":"ack","id":"2"}
END

component closes <<'END'
process() { :; }
close() { polybolt_info closed; }
polybolt_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run closes
answers 'at the end of input the close hook runs and the status is 0' <<'END'
{"command":"log","msg":"closed","level":2}
END

printf '%s\n' '. "$1/polybolt.sh"; polybolt_basic_bolt' >nothing
echo "$hello" | messages | run nothing "$here"
same 'a bolt without process is told so on stderr' "$(cat err) exit $(cat code)" \
  'polybolt: there is no function process; define process() before the line that starts the component exit 1'

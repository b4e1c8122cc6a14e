# Values: decoding, encoding, nested values, and text that would hurt a careless shell program.
# Invariant: no text of a tuple is ever run, split or matched against file names.

component round <<'END'
process() {
  polybolt_length && count=$REPLY
  set --
  i=0
  while [ "$i" -lt "$count" ]; do
    polybolt_value "$i" || REPLY="none ($?)"
    set -- "$@" "$REPLY"
    i=$((i + 1))
  done
  polybolt_emit_strings "$@"
}
polybolt_basic_bolt
END
: >'a file'
{ echo "$hello"
  t 1 '["$(touch ran)","`touch ran`","; touch ran;","$HOME ${x:-y}","* ? [a-z]","  two  spaces ","~","-n","--stream","--","%s%n"]'
  t 2 '["q\"u\\o/te","tab\tnl\ncr\r","\u001f","\n\n","","日本語 😀","\ud83d\ude00\u00e9","a\\","\\\"","'"'"'"]'
  t 3 '[1.0,-2e3,9007199254740993,true,false,null,[1, "a,\"]"],{"k":{"a":[]}},"x"]'; } | messages | run round
answers 'hostile text, escapes, blanks, UTF-8 and options-like words come out as they went in' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["$(touch ran)","`touch ran`","; touch ran;","$HOME ${x:-y}","* ? [a-z]","  two  spaces ","~","-n","--stream","--","%s%n"]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["q\"u\\o/te","tab\tnl\ncr\r","\u001f","\n\n","","日本語 😀","😀é","a\\","\\\"","'"]}
{"command":"ack","id":"2"}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":["1.0","-2e3","9007199254740993","true","false","none (1)","[1, \"a,\\\"]\"]","{\"k\":{\"a\":[]}}","x"]}
{"command":"ack","id":"3"}
END
[ -e ran ] && ran=yes || ran=no
same 'and none of it was run' "$ran" no

component parts <<'END'
process() {
  polybolt_raw 0 && first=$REPLY
  polybolt_rest 1 && rest=$REPLY
  polybolt_raw 99 && past=yes || past=no
  polybolt_value 2 list 1 deep && nested=$REPLY || nested=none
  polybolt_value 2 list 7 && absent=$REPLY || absent=none
  polybolt_value 2 'a "key"' && odd=$REPLY || odd=none
  polybolt_emit "[$first,$rest]" &&
    polybolt_emit_strings "$past" "$nested" "$absent" "$odd"
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["a\u0062",  9007199254740993 , {"list":[0,{"deep":"down\nthere"}],"a \"key\"":[1,2]}]'; } | messages | run parts
answers 'polybolt_raw and polybolt_rest give values as written, and keys lead into nested ones' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a\u0062",[9007199254740993,{"list":[0,{"deep":"down\nthere"}],"a \"key\"":[1,2]}]]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["no","down\nthere","none","[1,2]"]}
{"command":"ack","id":"1"}
END

component index <<'END'
process() { polybolt_value 0 && polybolt_raw "$REPLY"; }
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["a[$(touch ran)]"]'; t 2 '["-1"]'; } | messages | run index
[ -e ran ] && ran=yes || ran=no
same 'an index that is no number is an error and is not evaluated' "$(grep -c 'expected the index of a value' out) $ran" '2 no'

component settings <<'END'
prepare() {
  polybolt_conf n && n=$REPLY || n=none
  polybolt_conf nothing && nothing=$REPLY || nothing=none
  polybolt_conf absent && absent=$REPLY || absent=none
  polybolt_conf no && no=$REPLY || no=none
  polybolt_conf_raw text && text=$REPLY
  polybolt_context 'task->component' 3 && me=$REPLY
  polybolt_emit_strings "$n" "$nothing" "$absent" "$no" "$text" "$me"
}
process() { :; }
polybolt_bolt
END
echo '{"pidDir":"","conf":{"n":12,"nothing":null,"no":false,"text":"a\"b"},"context":{"task->component":{"3":"words"}}}' | messages | run settings
answers 'configuration and context are looked up by key; null and absent have status 1' <<'END'
{"command":"emit","need_task_ids":false,"tuple":["12","none","none","false","\"a\\\"b\"","words"]}
END

component options <<'END'
process() {
  polybolt_emit --task 7 --stream side --check '["all"]'
  polybolt_emit --stream default '["plain stream"]'
  polybolt_emit --unanchored --stream 'odd "name"' --strings --stream '["x"]'
  polybolt_emit --anchor 88 --anchor 99 '["joined"]'
  polybolt_emit '[
    "lines",
    1.0 ]'
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run options
answers 'options: keys in the one order, no default stream, anchors, and texts after --strings are only values' <<'END'
{"command":"emit","anchors":["1"],"stream":"side","task":7,"need_task_ids":false,"tuple":["all"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["plain stream"]}
{"command":"emit","stream":"odd \"name\"","need_task_ids":false,"tuple":["--stream","[\"x\"]"]}
{"command":"emit","anchors":["88","99"],"need_task_ids":false,"tuple":["joined"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":[     "lines",     1.0 ]}
{"command":"ack","id":"1"}
END

component mistakes <<'END'
try() {
  "$@" && echo "accepted: $*"
  polybolt_rescue && polybolt_log "$REPLY"
}
process() {
  try polybolt_emit
  try polybolt_emit 'text'
  try polybolt_emit '{"a":1}'
  try polybolt_emit '["word",]'
  try polybolt_emit '[,1]'
  try polybolt_emit "[\"line
break\"]"
  try polybolt_emit --check '[1 2]'
  try polybolt_emit --check '["a]'
  try polybolt_emit --colour red '[]'
  try polybolt_emit --task x '[]'
  try polybolt_emit --id 1 '[]'
  try polybolt_emit --anchor '1","2' '[]'
  try polybolt_emit '[]' '[]'
  try polybolt_ack 'x"y'
  try polybolt_report_metric m '{"a":'
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run mistakes
same 'every mistake is told, nothing of it is written, and the tuple goes on' \
  "$(grep -c '"command":"log"' out) $(grep -c '"emit"' out) $(grep -c accepted err) $(tail -n 1 out)" '15 0 0 {"command":"ack","id":"1"}'

component levels <<'END'
process() {
  polybolt_log 'no level'
  polybolt_log 'by number' 4
  polybolt_log 'by name' debug
  polybolt_trace 0; polybolt_debug 1; polybolt_info 2; polybolt_warn 3; polybolt_error 4
  polybolt_log 'a "b" \ é
c'
  polybolt_report_metric count 5
  polybolt_report_metric 'é' '{"a": [1, 2]}'
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run levels
answers 'logs at every level and metrics' <<'END'
{"command":"log","msg":"no level","level":2}
{"command":"log","msg":"by number","level":4}
{"command":"log","msg":"by name","level":1}
{"command":"log","msg":"0","level":0}
{"command":"log","msg":"1","level":1}
{"command":"log","msg":"2","level":2}
{"command":"log","msg":"3","level":3}
{"command":"log","msg":"4","level":4}
{"command":"log","msg":"a \"b\" \\ é\nc","level":2}
{"command":"metrics","name":"count","params":5}
{"command":"metrics","name":"é","params":{"a": [1, 2]}}
{"command":"ack","id":"1"}
END

{ echo "$hello"; t 1 '["log",3,"careful"]'; t 2 '["error","a \"bad\" day"]'; t 3 '["metric","m",{"n":1.0}]'; t 4 '["conf","x"]'
  t 5 '["emit_direct",7,"x",[1]]'; t 6 '["emit_stream","side",2]'; } | messages | run "$here/reference/bolt"
sed 's/\\n  at [^"]*\\n  in /\\n  in /' out >out.cut && mv out.cut out
answers 'the reference bolt logs, reports errors and metrics, looks up configuration, emits direct and to streams' <<'END'
{"command":"log","msg":"careful","level":3}
{"command":"ack","id":"1"}
{"command":"error","msg":"a \"bad\" day\n  in process, tuple 2"}
{"command":"ack","id":"2"}
{"command":"metrics","name":"m","params":{"n":1.0}}
{"command":"ack","id":"3"}
{"command":"emit","anchors":["4"],"need_task_ids":false,"tuple":["conf","x",null]}
{"command":"ack","id":"4"}
{"command":"emit","anchors":["5"],"task":7,"need_task_ids":false,"tuple":["x",[1]]}
{"command":"ack","id":"5"}
{"command":"emit","anchors":["6"],"stream":"side","need_task_ids":false,"tuple":[2]}
{"command":"ack","id":"6"}
END

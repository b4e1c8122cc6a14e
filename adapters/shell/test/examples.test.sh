# The examples, as a newcomer would run them, and what is left of the reference bolt.
# Invariant: expectations are literal.

{ echo "$hello"; t 1 '["the * end"]'; t 2 '["say \"é\""]'; t 3 '[null]'; } | messages | run "$here/examples/split.sh"
answers 'split.sh emits the words of a sentence, whatever they are' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["the"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["*"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["end"]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["say"]}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["\"é\""]}
{"command":"ack","id":"2"}
{"command":"ack","id":"3"}
END

{ echo "$hello"; t 1 '["a"]'; t 2 '["b"]'; t 3 '["a"]'; t 4 '["x;y"]'; } | messages | run "$here/examples/count.sh"
answers 'count.sh counts words' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a",1]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["b",1]}
{"command":"ack","id":"2"}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":["a",2]}
{"command":"ack","id":"3"}
{"command":"log","msg":"not counted: x;y","level":1}
{"command":"ack","id":"4"}
END

printf 'first line\n--stream "two"\n' >lines
{ echo "$hello"; for i in 1 2 3; do echo '{"command":"next","id":""}'; done; } | messages | run "$here/examples/file-spout.sh" lines
answers 'file-spout.sh emits the lines of a file, and nothing at its end' <<'END'
{"command":"emit","need_task_ids":false,"tuple":["first line"]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["--stream \"two\""]}
{"command":"sync"}
{"command":"sync"}
END

{ echo "$hello"; echo '{"command":"next","id":""}'; echo '{"command":"fail","id":1}'; echo '{"command":"next","id":""}'
  echo '{"command":"ack","id":1}'; } | messages | run "$here/examples/reliable-file-spout.sh" lines
answers 'reliable-file-spout.sh replays the line that failed' <<'END'
{"command":"emit","id":1,"need_task_ids":false,"tuple":["first line"]}
{"command":"sync"}
{"command":"sync"}
{"command":"emit","id":1,"need_task_ids":false,"tuple":["first line"]}
{"command":"emit","id":2,"need_task_ids":false,"tuple":["--stream \"two\""]}
{"command":"sync"}
{"command":"log","msg":"line 1 is done","level":1}
{"command":"sync"}
END

{ echo "$hello"; t 1 '["sleep",1]'; t 2 '["what"]'; } | messages | run "$here/reference/bolt"
sed 's/\\n  at [^"]*\\n  in /\\n  in /' out >out.cut && mv out.cut out
answers 'the reference bolt sleeps before it emits, and raises at an order it does not know' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["sleep",1]}
{"command":"ack","id":"1"}
{"command":"error","msg":"reference bolt: there is no order 'what'\n  in process, tuple 2"}
{"command":"fail","id":"2"}
END

# Task ids: asked for, never waited for, read when somebody looks, with everything else kept in its order.
# Invariant: a step that would block for ever if the library waited too early is a step of a real conversation.

{ echo "$hello"; t 1 '["task_ids","x"]'; t 2 '["echo"]'; echo '{"id":"b","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}'
  echo '[4,5]'; t 3 '["echo"]'; } | messages | run "$here/reference/bolt"
answers 'what arrives while ids are awaited is kept and handled in order' <<'END'
{"command":"emit","anchors":["1"],"tuple":["x"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["task_ids",[4,5]]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["echo"]}
{"command":"ack","id":"2"}
{"command":"sync"}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":["echo"]}
{"command":"ack","id":"3"}
END

talk "$here/reference/bolt"
tell "$(t 1 '["task_ids_unread","x"]')"
hear && heard=$line
hear && heard=$heard$nl$line
same 'ids nobody looks at are not waited for: the ack is there before the host has answered' "$heard" \
  '{"command":"emit","anchors":["1"],"tuple":["x"]}
{"command":"ack","id":"1"}'
tell '[9]'
tell "$(t 2 '["task_ids","y"]')"
hear && heard=$line
tell '[7]'
hear && heard=$heard$nl$line
same 'and the late answer is not taken for the next one' "$heard" \
  '{"command":"emit","anchors":["2"],"tuple":["y"]}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["task_ids",[7]]}'
hear
tell "$(t 3 '["task_ids","z"]')"
hear && heard=$line
hang_up
same 'the end of input while ids are awaited: status 0' "$heard $(cat code)" '{"command":"emit","anchors":["3"],"tuple":["z"]} 0'

component two <<'END'
process() {
  polybolt_emit --ids '["a"]' && first=$REPLY
  polybolt_emit '["quiet"]'
  polybolt_emit --ids --stream s '["b"]' && second=$REPLY
  polybolt_emit --ids --task 12 '["direct"]' && third=$REPLY
  polybolt_task_ids "$third" && direct=$REPLY
  polybolt_task_ids "$second" && b=$REPLY
  polybolt_task_ids "$first" && polybolt_emit "[$REPLY,$b,$direct]"
  [ -z "${kept-}" ] || polybolt_task_ids "$kept" || { polybolt_rescue && polybolt_info "$REPLY"; }
  kept=$second
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; echo '[1]'; echo '[ 2, 3 ]'; t 2 '["x"]'; echo '[]'; echo '[5]'; } | messages | run two
answers 'lists are told apart in the order of the emits; a direct emit knows its own; a handle ends with its turn' <<'END'
{"command":"emit","anchors":["1"],"tuple":["a"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["quiet"]}
{"command":"emit","anchors":["1"],"stream":"s","tuple":["b"]}
{"command":"emit","anchors":["1"],"task":12,"need_task_ids":false,"tuple":["direct"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":[[1],[ 2, 3 ],[12]]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"tuple":["a"]}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["quiet"]}
{"command":"emit","anchors":["2"],"stream":"s","tuple":["b"]}
{"command":"emit","anchors":["2"],"task":12,"need_task_ids":false,"tuple":["direct"]}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":[[],[5],[12]]}
{"command":"log","msg":"polybolt_task_ids: handle 2 is of an earlier turn","level":2}
{"command":"ack","id":"2"}
END

component spout <<'END'
open() { polybolt_emit --ids '["early"]'; }
next_tuple() { polybolt_emit --ids --id 1 '["n"]' && polybolt_task_ids "$REPLY" && polybolt_info "$REPLY"; }
polybolt_spout
END
{ echo "$hello"; echo '[8]'; echo '{"command":"next","id":""}'; echo '[3]'; echo '{"command":"activate","id":""}'; } | messages | run spout
answers 'a spout may ask too, and never look' <<'END'
{"command":"emit","tuple":["early"]}
{"command":"emit","id":1,"tuple":["n"]}
{"command":"log","msg":"[3]","level":2}
{"command":"sync"}
{"command":"sync"}
END

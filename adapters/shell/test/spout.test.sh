# Spouts: one sync for each command whatever happens, ids as they were given, and replays.
# Invariant: expectations are literal.

next='{"command":"next","id":""}'

{ echo '{"pidDir":"","conf":{"reference.count":3},"context":{}}'; echo '{"command":"activate","id":""}'; echo "$next"; echo "$next"
  echo '{"command":"fail","id":0}'; echo '{"command":"ack","id":1}'; echo "$next"; echo "$next"; echo '{"command":"ack","id":0}'
  echo '{"command":"fail","id":0}'; echo "$next"; echo '{"command":"deactivate","id":""}'; } | messages | run "$here/reference/spout"
answers 'a reliable spout emits again under the same id what failed, before new ones, and forgets what is acked' <<'END'
{"command":"sync"}
{"command":"emit","id":0,"need_task_ids":false,"tuple":["spout",0]}
{"command":"sync"}
{"command":"emit","id":1,"need_task_ids":false,"tuple":["spout",1]}
{"command":"sync"}
{"command":"log","msg":"failed 0","level":1}
{"command":"sync"}
{"command":"log","msg":"acked 1","level":1}
{"command":"sync"}
{"command":"emit","id":0,"need_task_ids":false,"tuple":["spout",0]}
{"command":"emit","id":2,"need_task_ids":false,"tuple":["spout",2]}
{"command":"sync"}
{"command":"sync"}
{"command":"log","msg":"acked 0","level":1}
{"command":"sync"}
{"command":"log","msg":"failed 0","level":1}
{"command":"sync"}
{"command":"sync"}
{"command":"sync"}
END

{ echo '{"pidDir":"","conf":{"reference.count":5,"reference.batch":2,"reference.unreliable":true},"context":{}}'
  echo "$next"; echo "$next"; echo "$next"; } | messages | run "$here/reference/spout"
answers 'an unreliable spout emits without ids, several a next, with one sync each' <<'END'
{"command":"emit","need_task_ids":false,"tuple":["spout",0]}
{"command":"emit","need_task_ids":false,"tuple":["spout",1]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["spout",2]}
{"command":"emit","need_task_ids":false,"tuple":["spout",3]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["spout",4]}
{"command":"sync"}
END

component ids <<'END'
n=0
next_tuple() {
  n=$((n + 1))
  case $n in
    1) polybolt_emit --id '"plain"' '[1]' ;;
    2) polybolt_emit --id '"caf\u00e9 \/"' '[2]' ;;
    3) polybolt_emit --id '{"a":[1]}' '[3]' ;;
    4) polybolt_emit --id -1.5 '[4]' ;;
  esac
}
ack() { polybolt_emit_strings ack "$1"; }
fail() { polybolt_emit_strings fail "$1"; }
polybolt_reliable_spout
END
{ echo "$hello"; echo "$next"; echo "$next"; echo "$next"; echo "$next"
  echo '{"command":"fail","id":"plain"}'; echo '{"id":"café /","command":"fail"}'
  echo '{"command":"fail","id":{"a":[1]}}'; echo '{"command":"fail","id":-1.5}'; echo "$next"
  echo '{"command":"ack","id":"plain"}'; } | messages | run ids
answers 'ids are any JSON, come back as the host wrote them, and are recognised in any spelling' <<'END'
{"command":"emit","id":"plain","need_task_ids":false,"tuple":[1]}
{"command":"sync"}
{"command":"emit","id":"caf\u00e9 \/","need_task_ids":false,"tuple":[2]}
{"command":"sync"}
{"command":"emit","id":{"a":[1]},"need_task_ids":false,"tuple":[3]}
{"command":"sync"}
{"command":"emit","id":-1.5,"need_task_ids":false,"tuple":[4]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["fail","\"plain\""]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["fail","\"café /\""]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["fail","{\"a\":[1]}"]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["fail","-1.5"]}
{"command":"sync"}
{"command":"emit","id":"plain","need_task_ids":false,"tuple":[1]}
{"command":"emit","id":"caf\u00e9 \/","need_task_ids":false,"tuple":[2]}
{"command":"emit","id":{"a":[1]},"need_task_ids":false,"tuple":[3]}
{"command":"emit","id":-1.5,"need_task_ids":false,"tuple":[4]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["ack","\"plain\""]}
{"command":"sync"}
END

component hooks <<'END'
open() { polybolt_conf who && polybolt_emit_strings open "$REPLY"; }
activate() { polybolt_emit '["on"]'; }
deactivate() { polybolt_emit '["off"]'; }
next_tuple() { polybolt_emit --stream side --id 7 '["n"]'; }
polybolt_spout
END
{ echo '{"conf":{"who":"me"},"context":{},"pidDir":null}'; echo '{"command":"activate","id":""}'; echo '{"command":"next"}'
  echo '{"command":"fail","id":7}'; echo '{"command":"next"}'; echo '{"command":"deactivate"}'; echo '{"command":"sing","id":""}'
  echo '{"note":1}'; } | messages | run hooks
answers 'open, activate, deactivate are called; a plain spout does not replay; an unknown command gets its sync too' <<'END'
{"command":"emit","need_task_ids":false,"tuple":["open","me"]}
{"command":"emit","need_task_ids":false,"tuple":["on"]}
{"command":"sync"}
{"command":"emit","id":7,"stream":"side","need_task_ids":false,"tuple":["n"]}
{"command":"sync"}
{"command":"sync"}
{"command":"emit","id":7,"stream":"side","need_task_ids":false,"tuple":["n"]}
{"command":"sync"}
{"command":"emit","need_task_ids":false,"tuple":["off"]}
{"command":"sync"}
{"command":"sync"}
END

for hook in next_tuple ack fail open; do
  component "raises_$hook" <<END
next_tuple() { :; }
$hook() { polybolt_raise "no \$1"; }
polybolt_spout
END
  command='{"command":"'${hook%_tuple}'","id":5}'
  { echo "$hello"; echo "$command"; echo "$next"; } | messages | run "raises_$hook"
  same "an error in a spout's $hook is reported and ends it with status 1" \
    "$(grep -c "^{\"command\":\"error\",\"msg\":\"no .*in $hook\"}\$" out) $(wc -l <out) exit $(cat code)" '1 2 exit 1'
done

{ echo '{"pidDir":"","conf":{"reference.throw":true},"context":{}}'; echo "$next"; } | messages | run "$here/reference/spout"
same 'the reference spout throws when it is told to' "$(grep -c 'told to throw' out) exit $(cat code)" '1 exit 1'

component broken <<'END'
next_tuple() { polybolt_emit --id 1 '{"no":"array"}'; }
polybolt_reliable_spout
END
{ echo "$hello"; echo "$next"; echo "$next"; } | messages | run broken
same 'values that are no JSON array cost a spout the emit only: an error and the sync' \
  "$(sed 's/"msg":.*/"msg"/' out | tr '\n' ' ')exit $(cat code)" \
  '{"pid":N} {"command":"error","msg" {"command":"sync"} {"command":"error","msg" {"command":"sync"} exit 0'

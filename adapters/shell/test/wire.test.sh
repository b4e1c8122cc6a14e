# Reading and writing: any cut, any spacing, the end of input anywhere, the handshake, coalescing, a host that leaves.
# Invariant: expectations are literal; where the time of a write matters the component looks at its own output.

component echo <<'END'
process() { polybolt_emit "$polybolt_tuple"; }
polybolt_basic_bolt
END

# A small conversation, cut in two at every byte, and ended at every byte: the shell reads byte by byte in any case.
text=$(printf '%s\nend\n%s\nend\nX' '{"pidDir":"","conf":{},"context":{}}' '{"id":"1","comp":"c","stream":"s","task":1,"tuple":["end"]}')
text=${text%X}
whole='end
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["end"]}
end
{"command":"ack","id":"1"}
end
'
# What was written, without the line of the pid; with the shell's own means, for this runs hundreds of times.
written() {
  got=''
  {
    IFS= read -r line
    while IFS= read -r line; do got=$got$line$nl; done
  } <raw
}
cut=0 head='' wrong='' early=''
while [ "$cut" -le "${#text}" ]; do
  tail=$text
  [ "$cut" = 0 ] || tail=${tail#"$head"}
  # shellcheck disable=SC2086
  { printf '%s' "$head"; printf '%s' "$tail"; } | $shell echo >raw 2>err && written || got=failed
  [ "$got" = "$whole" ] || wrong="$wrong $cut"
  # What has come out is the start of the whole, on a message's edge, and the status is 0.
  # shellcheck disable=SC2086
  printf '%s' "$head" | $shell echo >raw 2>err && written || got=failed
  case $whole in "$got"*) ;; *) early="$early $cut" ;; esac
  case $got in '' | *"end$nl") ;; *) early="$early $cut" ;; esac
  cut=$((cut + 1))
  head=$head${tail%"${tail#?}"}
done
same 'a conversation cut in two at any byte is the same conversation' "$cut cuts:$wrong" '106 cuts:'
same 'input that ends at any byte ends the component with status 0 and whole messages' "$cut ends:$early" '106 ends:'

rest=$text
# shellcheck disable=SC2086
while [ -n "$rest" ]; do
  printf '%s' "${rest%"${rest#?}"}"
  rest=${rest#?}
done | $shell echo >raw 2>err && written || got=failed
same 'a conversation written byte by byte is the same conversation' "$got" "$whole"

printf '\n\r\n{ "context":{},\n\n "conf" : {"a":["x, }"]}\r\n, "pidDir": null }\r\nend\r\n\n\n{\n  "tuple": [\n    "",\n    "a  b", "]}",\n    {"k": [1.0]}\n  ],\n  "id": "1",\n  "comp": "c",\n  "stream": "default",\n  "task": 3\n}\nend\n{"id":"2","comp":"c","stream":"default","task":3,"tuple":["y"]}\r\nend\r\n' | run echo
answers 'blank lines, CRLF, any order of keys and JSON over many lines are read' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":[     "",     "a  b", "]}",     {"k": [1.0]}   ]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["y"]}
{"command":"ack","id":"2"}
END

component fields <<'END'
process() { polybolt_emit_strings "$polybolt_id" "$polybolt_component" "$polybolt_stream" "$polybolt_task" "$polybolt_tuple"; }
polybolt_basic_bolt
END
{ echo "$hello"; t -12 '["x"]' side; printf '%s\n' '{"stream":"a\"b","task":7,"comp":"c\\","tuple":[ ],"id":"5"}'
  echo '{"id": "6", "comp": "c", "stream": "s", "task": 8, "tuple": [1, "a] b"]}'; echo '{"id":"7","tuple":["a","b"] , "task" : 9}'; } | messages | run fields
answers 'id, component, stream, task and values are there, in any spelling' <<'END'
{"command":"emit","anchors":["-12"],"need_task_ids":false,"tuple":["-12","words","side","4","[\"x\"]"]}
{"command":"ack","id":"-12"}
{"command":"emit","anchors":["5"],"need_task_ids":false,"tuple":["5","c\\","a\"b","7","[ ]"]}
{"command":"ack","id":"5"}
{"command":"emit","anchors":["6"],"need_task_ids":false,"tuple":["6","c","s","8","[1, \"a] b\"]"]}
{"command":"ack","id":"6"}
{"command":"emit","anchors":["7"],"need_task_ids":false,"tuple":["7","","default","9","[\"a\",\"b\"]"]}
{"command":"ack","id":"7"}
END

ls=$(printf '\342\200\250')
{ echo "$hello"; t 1 '["a\nend\n","{\"command\":\"ack\"}\nend"]'; t 2 "[\"$ls\",\"\\u2028\",\"\\ud800\",\"日本語 😀\"]"
  t 3 '[1.0,1e400,9007199254740993,1180591620717411303424,NaN,-Infinity,-0,{"a":1,"a":2}]'; t 4 '[]'; t 5 '[[],{},[[1],["]"]]]'; } | messages | run echo
answers 'values go through as they are written: no number, escape or key is changed' <<END
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a\\nend\\n","{\\"command\\":\\"ack\\"}\\nend"]}
{"command":"ack","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["$ls","\\u2028","\\ud800","日本語 😀"]}
{"command":"ack","id":"2"}
{"command":"emit","anchors":["3"],"need_task_ids":false,"tuple":[1.0,1e400,9007199254740993,1180591620717411303424,NaN,-Infinity,-0,{"a":1,"a":2}]}
{"command":"ack","id":"3"}
{"command":"emit","anchors":["4"],"need_task_ids":false,"tuple":[]}
{"command":"ack","id":"4"}
{"command":"emit","anchors":["5"],"need_task_ids":false,"tuple":[[],{},[[1],["]"]]]}
{"command":"ack","id":"5"}
END

big=0123456789abcdef
while [ "${#big}" -lt 1048576 ]; do big=$big$big; done
component big <<'END'
process() { polybolt_value 0 && polybolt_emit_strings "$REPLY"; }
polybolt_basic_bolt
END
{ echo "$hello"; t 1 "[\"$big\"]"; } | messages | run big
{ printf '{"pid":N}\n{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["%s"]}\n{"command":"ack","id":"1"}\n' "$big"; } >wanted
cmp -s wanted out && same='the same' || same="$(wc -c <out) bytes"
same 'a value of 1 MB is read, decoded, encoded and written' "$same" 'the same'

for text in 'hello there' '{"id":"1","comp":' '"text"' '' '{"id":"1",,}' '[1,2'; do
  { echo "$hello"; t 1 '["x"]'; echo "$text"; t 2 '["x"]'; } | messages | run echo
  same "a message it cannot read ends it with status 1 and is quoted on stderr ($text)" \
    "$(grep -c 'cannot read a message' err) $(grep -cF -- "$text" err) $(tail -n 1 out) $(cat code)" '1 1 {"command":"ack","id":"1"} 1'
done
{ echo "$hello"; printf '%0300d' 7; echo; } | messages | run echo
same 'of a long unreadable message the first 200 bytes are quoted' "$(sed 's/.*): //' err)" "$(printf '%0200d' 0)"

# The handshake.
mkdir pids
{ printf '%s\n' '{"conf":{"pidDir":"no"},"context":{},"pidDir":"'"$PWD"'\/p\u0069ds"}'; } | messages | run echo
pid=$(sed -n 's/{"pid":\([0-9]*\)}/\1/p' raw)
same 'the pid comes first, and an empty file of that name is in pidDir, however that is spelled' \
  "$(ls pids) $(wc -c <"pids/$pid") $(head -n 1 raw) $(cat code)" "$pid 0 {\"pid\":$pid} 0"
{ echo "{\"pidDir\":\"$PWD/no/such\",\"conf\":{},\"context\":{}}"; t 1 '["x"]'; } | messages | run echo
same 'a pidDir that cannot be written is told on stderr and is not fatal' \
  "$(grep -c 'cannot create the pid file .*/no/such/' err) $(wc -l <err) $(tail -n 1 out) $(cat code)" '1 1 {"command":"ack","id":"1"} 0'

# Writing: how much is in the output file at which moment, as the component sees it.
component moments <<'END'
size() { set -- $(wc -c <raw) && seen="$seen $(($1 - base))"; }
process() {
  seen='' base=0
  size && base=${seen# } seen=''
  polybolt_emit '["a"]' && polybolt_emit '["b"]' && size
  polybolt_report_metric m 1 && size
  polybolt_info now && size
  polybolt_emit '["c"]' && size
  polybolt_flush && size
  polybolt_emit '["d"]' && polybolt_emit 'no' || size
  polybolt_rescue
  printf 'seen%s\n' "$seen"
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run moments
same 'writes are coalesced until a log or a flush; an emit that is refused writes nothing' "$(cat err)" 'seen 0 0 242 242 317 317'
same 'and all is there at the end of the tuple' "$(tail -n 1 out)" '{"command":"ack","id":"1"}'

component many <<'END'
size() { set -- $(wc -c <raw) && printf '%s\n' "$1"; }
process() {
  size >before
  while polybolt_emit '["0123456789"]'; do
    count=$((${count-0} + 1))
    [ "$count" -lt 1000 ] || return 0
    [ "$count" != 150 ] || size >middle
    [ "$count" != 300 ] || size >after
  done
}
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run many
read -r before <before && read -r middle <middle && read -r after <after
same 'within a tuple output is written in pieces of about 16 KiB' "$((middle - before)) $((after - before > 16384))" '0 1'
same 'and nothing is lost or written twice' "$(grep -c '"emit"' out) $(wc -l <out)" '1000 1002'

# A host that leaves: the reader of our output is gone before we write.
talk echo
exec 4<&-
tell "$(t 1 '["x"]')"
hang_up
same 'when the host does not read any more the component ends with status 1, in silence' "$(cat code) $(cat err)" '1 '

# The answer to a tuple is there before the next byte of input.
talk echo
tell "$(t 1 '["x"]')"
hear && hear
same 'the answer is written before the next read' "$line" '{"command":"ack","id":"1"}'
printf '{"id":"2","comp":"c"' >&3
exec 3>&-
wait "$child" && code=0 || code=$?
exec 4<&-
same 'half a message and the end of input: status 0' "$code" 0

# jq as a coprocess: started when a value needs it and once only, started again when it died, missed in plain words.
# Invariant: the fake jq of these tests counts its starts in the file `starts`.

mkdir bin
real_jq=$(command -v jq)
fake_jq() {
  printf '#!/bin/sh\necho start >>"%s/starts"\n' "$PWD" >bin/jq
  cat >>bin/jq
  chmod +x bin/jq
  : >starts
}

component quoting <<'END'
process() { polybolt_value 0 && polybolt_emit_strings "$REPLY"; }
polybolt_basic_bolt
END

fake_jq <<END
exec "$real_jq" "\$@"
END
{ echo "$hello"; i=0; while [ "$i" -lt 50 ]; do t "$i" '["\u00e9\n"]'; i=$((i + 1)); done; } | messages |
  PATH="$PWD/bin:$PATH" run quoting
same 'one jq serves all values' "$(grep -c '"tuple":\["é\\n"\]' out) $(wc -l <starts) $(cat code)" '50 1 0'
{ echo "$hello"; t 1 '["plain"]'; t 2 '["more words",3]'; } | messages | PATH="$PWD/bin:$PATH" run quoting
same 'plain values start none' "$(grep -c '"emit"' out) $(wc -l <starts)" '2 1'

fake_jq <<END
[ "\$(wc -l <"$PWD/starts")" -gt 1 ] || exit 5
exec "$real_jq" "\$@"
END
{ echo "$hello"; t 1 '["\u00e9"]'; } | messages | PATH="$PWD/bin:$PATH" run quoting
answers 'a jq that dies is started again, the host is told, and nothing is lost' <<'END'
{"command":"log","msg":"jq has ended; starting it again","level":3}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["é"]}
{"command":"ack","id":"1"}
END

fake_jq <<'END'
exit 5
END
{ echo "$hello"; t 1 '["\u00e9"]'; t 2 '["plain"]'; } | messages | PATH="$PWD/bin:$PATH" run quoting
sed 's/\\n  at [^"]*\\n  in /\\n  in /' out >out.cut && mv out.cut out
answers 'a jq that keeps dying costs the tuples that need it' <<'END'
{"command":"log","msg":"jq has ended; starting it again","level":3}
{"command":"error","msg":"cannot read a string: jq ended twice on the same question; look for its message on stderr, or for a signal (out of memory)\n  in process, tuple 1"}
{"command":"fail","id":"1"}
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["plain"]}
{"command":"ack","id":"2"}
END

# Not one program to be found: the shell is named by its full path.
interpreter=$(command -v "${shell%% *}")
case $shell in *' '*) interpreter="$interpreter ${shell#* }" ;; esac
component alone <<'END'
process() {
  polybolt_value 0 && polybolt_emit_strings "$REPLY" && polybolt_info "it is 5 o'clock" && polybolt_info "say \"é\"
  again"
}
polybolt_basic_bolt
END
shell_before=$shell
shell="env PATH=/dev/null $interpreter"
{ echo "$hello"; t 1 '["plain"]'; t 2 '["q\"uote"]'; } | messages | run alone
shell=$shell_before
sed 's/\\n  at [^"]*\\n  in /\\n  in /' out >out.cut && mv out.cut out
answers 'without jq plain values work, others cost the tuple and say what to install, messages are written with losses' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["plain"]}
{"command":"log","msg":"it is 5 o'clock","level":2}
{"command":"log","msg":"say é again","level":2}
{"command":"ack","id":"1"}
{"command":"error","msg":"cannot read a string: jq is not installed, and this value cannot be read or written without it; install jq (1.6 or newer)\n  in process, tuple 2"}
{"command":"fail","id":"2"}
END

component odd <<'END'
process() {
  for text in 'end' 'quote end' 'endx
end' 'a
end
b' '!' '-' '3' "a\\" "$(printf '\001\033\002')" "$(printf 'x\377y')" '日本'; do
    polybolt_quote "$text$tab" && polybolt_emit "[$REPLY]"
  done
}
tab=$(printf '\t')
polybolt_basic_bolt
END
{ echo "$hello"; t 1 '["x"]'; } | messages | run odd
answers 'no text is taken for a part of the conversation with jq; what is no UTF-8 is replaced' <<'END'
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["end\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["quote end\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["endx\nend\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a\nend\nb\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["!\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["-\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["3\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["a\\\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["\u0001\u001b\u0002\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["x�y\t"]}
{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["日本\t"]}
{"command":"ack","id":"1"}
END

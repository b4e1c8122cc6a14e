// The basic bolt over real pipes: every order of the reference bolt, and what happens when user code raises.

package test

import (
	"strings"
	"testing"
)

func TestBasicBoltEchoesAnchoredAndAcks(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["echo", 1.0, 1e400, 9007199254740993, 1180591620717411303424, NaN, "\ud800 \u2028", {"b":1,"a":2,"a":3}]`))
	h.expect(emitted(1, `["echo", 1.0, 1e400, 9007199254740993, 1180591620717411303424, NaN, "\ud800 \u2028", {"b":1,"a":2,"a":3}]`), acked(1))
	h.ends()
}

func TestBasicBoltFollowsTheReferenceOrders(t *testing.T) {
	cases := []struct {
		values string
		want   []string
	}{
		{`["fail"]`, []string{failed(7)}},
		{`["emit_direct",5,1.0,"x"]`, []string{`{"command":"emit","anchors":["7"],"task":5,"need_task_ids":false,"tuple":[1.0,"x"]}`, acked(7)}},
		{`["emit_many",3]`, []string{emitted(7, `["emit_many",0]`), emitted(7, `["emit_many",1]`), emitted(7, `["emit_many",2]`), acked(7)}},
		{`["emit_many",0]`, []string{acked(7)}},
		{`["emit_stream","errors",{}]`, []string{`{"command":"emit","anchors":["7"],"stream":"errors","need_task_ids":false,"tuple":[{}]}`, acked(7)}},
		{`["sleep",0]`, []string{emitted(7, `["sleep",0]`), acked(7)}},
		{`["log",0,"low"]`, []string{`{"command":"log","msg":"low","level":0}`, acked(7)}},
		{`["log",4,"é\nend\n"]`, []string{`{"command":"log","msg":"é\nend\n","level":4}`, acked(7)}},
		{`["metric","m",{"a":[1.0]}]`, []string{`{"command":"metrics","name":"m","params":{"a":[1.0]}}`, acked(7)}},
		{`["ticks"]`, []string{emitted(7, `["ticks",0]`), acked(7)}},
		{`["conf","k"]`, []string{emitted(7, `["conf","k",1.0]`), acked(7)}},
		{`["conf","none"]`, []string{emitted(7, `["conf","none",null]`), acked(7)}},
	}
	h := startWith(t, "reference/bolt", `{"k":1.0,"unknown":{"deep":[1]}}`)
	for _, c := range cases {
		h.send(tuple(7, c.values))
		h.expect(c.want...)
	}
	h.ends()
}

func TestBasicBoltReportsFailsAndLivesOnWhenUserCodeRaises(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["throw","bad \"luck\""]`), tuple(2, `["unknown order"]`), tuple(3, `["error","noted"]`), tuple(4, `["echo"]`))
	h.expectLike(`^\{"command":"error","msg":"panic: bad \\"luck\\"\\n\\ngoroutine 1 .*main\.\(\*bolt\)\.Process.*main\.go:`)
	h.expect(failed(1))
	h.expectLike(`"msg":"the reference bolt knows no order \\"unknown order\\"\\n\\nreturned by \(\*main\.bolt\)\.Process"`)
	h.expect(failed(2))
	h.expectLike(`"msg":"noted\\ngoroutine 1 .*main\.\(\*bolt\)\.Process`)
	h.expect(acked(3), emitted(4, `["echo"]`), acked(4))
	h.ends()
}

func TestBasicBoltFailsTheTupleWhoseEmitCannotBeEncoded(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["unencodable"]`), tuple(2, `["echo"]`))
	h.expectLike(`^\{"command":"error","msg":"panic: values\[1\] cannot be written as JSON: JSON has no NaN`)
	h.expect(failed(1), emitted(2, `["echo"]`), acked(2))
	h.ends()
}

func TestAnyPanicIsAReportAndAFail(t *testing.T) {
	h := start(t, "odd-panics")
	for values, want := range map[string]string{
		`["nil"]`: `panic\(nil\)|panic called with nil`, `["pointer"]`: `panic: runtime error: invalid memory address.*components_test\.go`,
		`["index"]`: `panic: the tuple has no value 5`, `["text"]`: `panic: xxx` + "\uFFFD",
	} {
		h.send(tuple(1, values))
		h.expectLike(`^\{"command":"error","msg":".*(` + want + `)`)
		h.expect(failed(1))
	}
	h.ends()
}

func TestAnAuthorMayCatchWhatEmitRaises(t *testing.T) {
	h := start(t, "recovering")
	h.send(tuple(1, `[]`))
	h.expect(emitted(1, `["instead"]`), acked(1))
	h.ends()
}

func TestTicksAreCountedAndAckedByTheLibrary(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tick(1), tick(2), tuple(3, `["ticks"]`))
	h.expect(acked(1), acked(2), emitted(3, `["ticks",2]`), acked(3))
	h.ends()
	h = start(t, "blocks") // has no ProcessTick
	h.send(tick(1))
	h.expect(acked(1))
	h.ends()
}

func TestHeartbeatsAreAnsweredInOrder(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(heartbeat, tuple(1, `["echo"]`), heartbeat, heartbeat)
	h.expect(synced, emitted(1, `["echo"]`), acked(1), synced, synced)
	h.ends()
}

func TestInputMayBeSpreadOverLinesWithAnyLineEnds(t *testing.T) {
	h := start(t, "reference/bolt")
	h.write("\r\n\n{\r\n  \"id\": \"1\",\r\n  \"tuple\": [\r\n    \"echo\",\r\n    \"\\nend\\n é 😀\"\r\n  ]\r\n}\r\nend\r\n")
	h.expect(emitted(1, `[      "echo",      "\nend\n é 😀"    ]`), acked(1))
	h.write("\n" + `{"unknown":{"tuple":[1]},"tuple":["echo"],"stream":"default","comp":"a","task":1,"id":"2"}` + "\n\n\nend")
	h.in.Close()
	h.expect(emitted(2, `["echo"]`), acked(2))
	h.exits(0)
}

func TestUnknownCommandsAreIgnored(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(`{"command":"next","id":""}`, `{}`, `[99]`, tuple(1, `["echo"]`))
	h.expect(emitted(1, `["echo"]`), acked(1))
	h.ends()
}

func TestATupleOfAMegabytePasses(t *testing.T) {
	h := start(t, "reference/bolt")
	values := `["echo","` + strings.Repeat(`é\n`, 1<<18) + `"]`
	go func() { // the pipes hold less than the tuple
		h.in.Write([]byte(tuple(1, values) + "\nend\n"))
		h.in.Close()
	}()
	h.expect(emitted(1, values), acked(1))
	h.exits(0)
}

const conversation = `{"id":"1","comp":"c","stream":"s","task":1,"tuple":["echo","é"]}` + "\nend\n" + heartbeat + "\nend\n"

func TestTheAnswerIsTheSameAtEverySplitPointOfThePipe(t *testing.T) {
	h := start(t, "reference/bolt")
	for at := 0; at <= len(conversation); at++ {
		h.write(conversation[:at])
		h.write(conversation[at:])
		h.expect(emitted(1, `["echo","é"]`), acked(1), synced)
	}
	for i := range []byte(conversation) {
		h.write(conversation[i : i+1])
	}
	h.expect(emitted(1, `["echo","é"]`), acked(1), synced)
	h.ends()
}

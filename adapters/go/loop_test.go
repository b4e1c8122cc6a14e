// The component loop over a conversation in memory, with a clock that stands still: what is answered does not depend
// on how the bytes arrive, and one read costs one write.

package polybolt

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
)

const handshakeText = "{\"pidDir\":\"\",\"conf\":{},\"context\":{}}\nend\n"

// converse runs a component on the pieces and returns what it wrote, write by write without the pid, and its status.
func converse(newHandler func(*component) handler, input ...string) (writes []string, status int, stderr string) {
	var out recorder
	var err bytes.Buffer
	w := newWriter(&out, func() time.Duration { return 0 }, func(err error) { panic(err) })
	c := &component{reader: newReader(&pieces{append([]string{handshakeText}, input...), io.EOF}), out: w, stderr: &err}
	status = c.run(newHandler(c))
	return out.writes[1:], status, err.String()
}

type orderBolt struct{}

func (orderBolt) Process(tuple *Tuple, out *BasicCollector) error {
	switch tuple.String(0) {
	case "fail":
		return ErrFail
	case "error":
		return errors.New("no luck")
	case "ids":
		ids := out.Emit(Values{"asked"}, WantTaskIDs())
		out.Emit(Values{ids.IDs()})
		return nil
	}
	out.Forward(tuple)
	return nil
}

func basic(bolt BasicBolt) func(*component) handler {
	return func(c *component) handler { return newBasicHandler(c, bolt) }
}

func input(id, values string) string {
	return `{"id":"` + id + `","comp":"c","stream":"default","task":1,"tuple":` + values + "}\nend\n"
}

const beat = `{"id":"9","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}` + "\nend\n"

const smallConversation = "\r\n" + `{"id":"1","comp":"c","stream":"default","task":1,"tuple":["ids"]}` + "\nend\n" + beat +
	"{\r\n\"id\":\"2\",\r\n\"tuple\":[\"é\\nend\\n\"]}\r\nend\r\n[4,5]\nend\n" + `{"command":"unknown"}` + "\nend\n" +
	`{"id":"3","comp":"c","stream":"default","task":1,"tuple":["fail"]}` + "\nend\n"

const smallAnswer = `{"command":"emit","anchors":["1"],"tuple":["asked"]}` + "\nend\n" +
	`{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":[[4,5]]}` + "\nend\n" +
	`{"command":"ack","id":"1"}` + "\nend\n" + `{"command":"sync"}` + "\nend\n" +
	`{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":["é\nend\n"]}` + "\nend\n" +
	`{"command":"ack","id":"2"}` + "\nend\n" + `{"command":"fail","id":"3"}` + "\nend\n"

func TestTheAnswerIsTheSameAtEverySplitPoint(t *testing.T) {
	for at := 0; at <= len(smallConversation); at++ {
		writes, status, _ := converse(basic(orderBolt{}), smallConversation[:at], smallConversation[at:])
		if got := strings.Join(writes, ""); got != smallAnswer || status != 0 {
			t.Fatalf("split at %d: status %d, got %s", at, status, got)
		}
	}
}

func TestTheAnswerIsTheSameByteByByte(t *testing.T) {
	writes, status, _ := converse(basic(orderBolt{}), strings.Split(smallConversation, "")...)
	if got := strings.Join(writes, ""); got != smallAnswer || status != 0 {
		t.Fatalf("status %d, got %s", status, got)
	}
}

func TestAllMessagesOfAReadAreAnsweredByOneWrite(t *testing.T) {
	first := strings.Repeat(input("1", `["a"]`), 100)
	second := input("2", `["b"]`) + input("3", `["b"]`) + `{"id":"4"` // a message that is not whole yet
	third := `,"tuple":["c"]}` + "\nend\n"
	writes, _, _ := converse(basic(orderBolt{}), first, second, third)
	var acks []int
	for _, write := range writes {
		acks = append(acks, strings.Count(write, `"ack"`))
	}
	if !reflect.DeepEqual(acks, []int{100, 2, 1}) {
		t.Errorf("the acks a write are %v", acks)
	}
}

func TestOutputLeavesBeforeTheWaitForTaskIDsAndAtOnceAfterALogLine(t *testing.T) {
	writes, _, _ := converse(basic(boltFunc(func(tuple *Tuple, out *BasicCollector) error {
		out.Emit(Values{1}, WantTaskIDs()).IDs()
		out.Emit(Values{2})
		out.Warn("hm")
		return nil
	})), input("1", "[]"), "[7]\nend\n")
	want := []string{
		`{"command":"emit","anchors":["1"],"tuple":[1]}` + "\nend\n",
		`{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":[2]}` + "\nend\n" + `{"command":"log","msg":"hm","level":3}` + "\nend\n",
		`{"command":"ack","id":"1"}` + "\nend\n",
	}
	if !reflect.DeepEqual(writes, want) {
		t.Errorf("got %q", writes)
	}
}

type boltFunc func(*Tuple, *BasicCollector) error

func (f boltFunc) Process(tuple *Tuple, out *BasicCollector) error { return f(tuple, out) }

func TestEveryOptionHasItsPlaceInTheEmit(t *testing.T) {
	var held *Tuple
	writes, status, _ := converse(basic(boltFunc(func(tuple *Tuple, out *BasicCollector) error {
		if held == nil {
			held = tuple
			return nil
		}
		out.Emit(Values{1}, Direct(7), Stream("é\"s"), Anchors(held, tuple))
		out.Emit(Values{2}, Stream("default"), Anchors())
		out.EmitRaw([]byte(" [1.0,\n{}] "), Stream("raw"))
		if ids := out.Emit(nil, Direct(7), WantTaskIDs()).IDs(); !reflect.DeepEqual(ids, []int{7}) {
			t.Errorf("the ids of a direct emit are %v", ids)
		}
		if ids := out.Emit(nil).IDs(); ids != nil {
			t.Errorf("the ids nobody asked for are %v", ids)
		}
		return nil
	})), input("1", "[]")+input("2", "[]"))
	want := `{"command":"ack","id":"1"}
end
{"command":"emit","anchors":["1","2"],"stream":"é\"s","task":7,"need_task_ids":false,"tuple":[1]}
end
{"command":"emit","need_task_ids":false,"tuple":[2]}
end
{"command":"emit","anchors":["2"],"stream":"raw","need_task_ids":false,"tuple":[1.0, {}]}
end
{"command":"emit","anchors":["2"],"task":7,"need_task_ids":false,"tuple":[]}
end
{"command":"emit","anchors":["2"],"need_task_ids":false,"tuple":[]}
end
{"command":"ack","id":"2"}
end
`
	if got := strings.Join(writes, ""); got != want || status != 0 {
		t.Errorf("status %d, got %s", status, got)
	}
}

func TestMistakesInAnEmitAreReportedAndNothingIsEmitted(t *testing.T) {
	cases := map[string]func(*BasicCollector){
		"values[0] cannot be written as JSON: json: unsupported":        func(out *BasicCollector) { out.Emit(Values{func() {}}) },
		"values cannot be written as JSON: \\\"{}\\\" is no JSON array": func(out *BasicCollector) { out.EmitRaw([]byte("{}")) },
		"id cannot be written as JSON":                                  func(out *BasicCollector) { out.Emit(nil, MessageID(func() {})) },
		"stream cannot be written as JSON":                              func(out *BasicCollector) { out.Emit(nil, Stream("\xff")) },
		"params cannot be written as JSON":                              func(out *BasicCollector) { out.ReportMetric("m", func() {}) },
		"Direct(0): task ids start at 1":                                func(out *BasicCollector) { out.Emit(nil, Direct(0)) },
	}
	for want, mistake := range cases {
		writes, status, _ := converse(basic(boltFunc(func(tuple *Tuple, out *BasicCollector) error {
			mistake(out)
			return nil
		})), input("1", "[]"))
		got := strings.Join(writes, "")
		if status != 0 || !strings.HasPrefix(got, `{"command":"error","msg":"panic: `) || !strings.Contains(got, want) || !strings.HasSuffix(got, "\nend\n{\"command\":\"fail\",\"id\":\"1\"}\nend\n") {
			t.Errorf("status %d, got %s, want %s", status, got, want)
		}
	}
}

type talkative struct{ out *BasicCollector }

func (t talkative) MarshalJSON() ([]byte, error) {
	t.out.Info("being written")
	return []byte(`"said"`), nil
}

func TestAValueMayLogWhileItIsEncoded(t *testing.T) {
	writes, _, _ := converse(basic(boltFunc(func(tuple *Tuple, out *BasicCollector) error {
		out.Emit(Values{talkative{out}})
		return nil
	})), input("1", "[]"))
	want := `{"command":"log","msg":"being written","level":2}` + "\nend\n" +
		`{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["said"]}` + "\nend\n" + `{"command":"ack","id":"1"}` + "\nend\n"
	if got := strings.Join(writes, ""); got != want {
		t.Errorf("got %s", got)
	}
}

type wrongTick struct{ orderBolt }

func (wrongTick) ProcessTick() {}

func TestAnOptionalMethodThatWouldNeverBeCalledIsReportedAtTheStart(t *testing.T) {
	writes, status, _ := converse(basic(wrongTick{}))
	want := "polybolt.wrongTick has a method ProcessTick that would never be called; declare it as ProcessTick(*polybolt.Tuple, *polybolt.BasicCollector) error"
	if got := strings.Join(writes, ""); status != 1 || !strings.Contains(got, want) {
		t.Errorf("status %d, got %s", status, got)
	}
}

func TestAHandshakeThatIsNoneIsQuotedOnStderr(t *testing.T) {
	for _, text := range []string{"[1]", `{"conf":5}`, `{"context":[]}`, `{"pidDir":{}}`, "hello", ""} {
		var stderr bytes.Buffer
		w := newWriter(&recorder{}, func() time.Duration { return 0 }, func(err error) { panic(err) })
		c := &component{reader: newReader(strings.NewReader(text + "\nend\n")), out: w, stderr: &stderr}
		if status := c.run(newBasicHandler(c, orderBolt{})); status != 1 || !strings.HasPrefix(stderr.String(), "polybolt: cannot read a message from the host: ") {
			t.Errorf("%q: status %d, %s", text, status, stderr.String())
		}
	}
}

func TestAFailureToReadEndsWithStatusOne(t *testing.T) {
	var stderr bytes.Buffer
	w := newWriter(&recorder{}, func() time.Duration { return 0 }, func(err error) { panic(err) })
	c := &component{reader: newReader(&pieces{[]string{handshakeText}, errors.New("the disk is on fire")}), out: w, stderr: &stderr}
	if status := c.run(newBasicHandler(c, orderBolt{})); status != 1 || stderr.String() != "polybolt: cannot read from the host: the disk is on fire\n" {
		t.Errorf("status %d, %s", status, stderr.String())
	}
}

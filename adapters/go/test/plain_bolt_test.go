// The plain bolt over real pipes: it settles its own tuples, and a crash ends it.

package test

import "testing"

func TestPlainBoltHoldsJoinsAndReleases(t *testing.T) {
	h := start(t, "reference/plain-bolt")
	h.send(tuple(1, `["hold"]`), tuple(2, `["hold"]`), tuple(3, `["echo",1.0]`), tuple(4, `["join"]`))
	h.expect(emitted(3, `["echo",1.0]`), acked(3))
	h.expect(`{"command":"emit","anchors":["1","2","4"],"need_task_ids":false,"tuple":["join",2]}`, acked(1), acked(2), acked(4))
	h.send(tuple(5, `["hold"]`), tuple(6, `["release"]`), tuple(7, `["unanchored",{}]`), tuple(8, `["join"]`))
	h.expect(acked(5), acked(6), `{"command":"emit","need_task_ids":false,"tuple":["unanchored",{}]}`, acked(7))
	h.expect(emitted(8, `["join",0]`), acked(8))
	h.ends()
}

func TestPlainBoltFailsTheTupleWhoseEmitCannotBeEncodedAndLivesOn(t *testing.T) {
	h := start(t, "reference/plain-bolt")
	h.send(tuple(1, `["unencodable"]`), tuple(2, `["echo"]`))
	h.expectLike(`^\{"command":"error","msg":"panic: values\[1\] cannot be written as JSON`)
	h.expect(failed(1), emitted(2, `["echo"]`), acked(2))
	h.ends()
}

func TestPlainBoltReportsAndExitsWithStatusOneWhenItRaises(t *testing.T) {
	h := start(t, "reference/plain-bolt")
	h.send(tuple(1, `["echo"]`), tuple(2, `["throw","the end"]`), tuple(3, `["echo"]`))
	h.expect(emitted(1, `["echo"]`), acked(1))
	h.expectLike(`^\{"command":"error","msg":"panic: the end\\n\\ngoroutine 1 .*main\.\(\*bolt\)\.Process`)
	h.exits(1)
}

func TestAnErrorThatAPlainBoltReturnsIsACrashUnlessItAsksForAFail(t *testing.T) {
	h := start(t, "returns-error")
	h.send(tuple(1, `["fail"]`), tuple(2, `["unencodable"]`), tuple(3, `["other"]`))
	h.expect(failed(1))
	h.expectLike(`"msg":"values\[0\] cannot be written as JSON: JSON has no \+Inf.*returned by \(test\.returnsError\)\.Process"`)
	h.expect(failed(2), emitted(3, `["half"]`))
	h.expectLike(`"msg":"the tuple is cursed\\n\\nreturned by \(test\.returnsError\)\.Process"`)
	h.exits(1)
}

func TestATupleIsSettledOnce(t *testing.T) {
	h := start(t, "settles-twice")
	h.send(tuple(1, `[]`), tuple(2, `[]`))
	for id := 1; id <= 2; id++ {
		h.expect(acked(id))
		h.expectLike(`JSON has no NaN`)
	}
	h.ends()
}

func TestTicksOfAPlainBoltAreAckedUnlessItRaises(t *testing.T) {
	h := start(t, "ticking")
	h.send(tick(1), tuple(2, `[]`), tick(3))
	h.expect(`{"command":"emit","need_task_ids":false,"tuple":["tick",5]}`, acked(1), acked(2))
	h.expectLike(`"msg":"tock\\n\\nreturned by \(\*test\.ticking\)\.ProcessTick"`)
	h.exits(1)
}

func TestTuplesMayBeSettledFromGoroutines(t *testing.T) {
	h := start(t, "concurrent")
	const tuples = 200
	messages := make([]string, 0, tuples)
	for id := 1; id < tuples; id++ {
		messages = append(messages, tuple(id, `["one"]`))
	}
	h.send(append(messages, tuple(tuples, `["last"]`))...)
	seen := map[string]int{}
	for i := 0; i < 2*tuples; i++ {
		message, _ := h.next()
		seen[message]++
	}
	for id := 1; id < tuples; id++ {
		if seen[emitted(id, `["one"]`)] != 1 || seen[acked(id)] != 1 {
			t.Fatalf("tuple %d was emitted %d times and acked %d times", id, seen[emitted(id, `["one"]`)], seen[acked(id)])
		}
	}
	h.ends()
}

// Spouts over real pipes: one sync a command, ids with their types, replay.

package test

import "testing"

func command(name, id string) string { return `{"command":"` + name + `","id":` + id + `}` }

var next = command("next", `""`)

func numbered(i string) string {
	return `{"command":"emit","id":` + i + `,"need_task_ids":false,"tuple":["spout",` + i + `]}`
}

func TestSpoutReplaysWhatFailedBeforeAnythingNew(t *testing.T) {
	h := startWith(t, "reference/spout", `{"reference.count":3}`)
	h.send(command("activate", `""`), next, next)
	h.expect(synced, numbered("0"), synced, numbered("1"), synced)
	h.send(command("fail", "1"), command("fail", "0"), command("fail", "5"), next, next, next)
	h.expect(`{"command":"log","msg":"failed 1","level":1}`, synced, `{"command":"log","msg":"failed 0","level":1}`, synced)
	h.expect(`{"command":"log","msg":"failed 5","level":1}`, synced)
	h.expect(numbered("1"), synced, numbered("0"), synced, numbered("2"), synced)
	h.send(command("ack", "1"), command("fail", "1"), next, command("deactivate", `""`))
	h.expect(`{"command":"log","msg":"acked 1","level":1}`, synced, `{"command":"log","msg":"failed 1","level":1}`, synced, synced, synced)
	h.ends()
}

func TestSpoutEmitsBatchesAndUnreliably(t *testing.T) {
	h := startWith(t, "reference/spout", `{"reference.count":3,"reference.batch":2,"reference.unreliable":true}`)
	h.send(next, next, next)
	unnamed := func(i string) string { return `{"command":"emit","need_task_ids":false,"tuple":["spout",` + i + `]}` }
	h.expect(unnamed("0"), unnamed("1"), synced, unnamed("2"), synced, synced)
	h.ends()
}

func TestSpoutEmitsTenTuplesUnlessToldOtherwise(t *testing.T) {
	h := startWith(t, "reference/spout", `{"reference.batch":20}`)
	h.send(next)
	for _, i := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		h.expect(numbered(i))
	}
	h.expect(synced)
	h.ends()
}

func TestSpoutReportsAndExitsWithStatusOneWhenNextTupleRaises(t *testing.T) {
	h := startWith(t, "reference/spout", `{"reference.throw":true}`)
	h.send(command("activate", `""`), next, next)
	h.expect(synced)
	h.expectLike(`^\{"command":"error","msg":"panic: reference\.throw is true\\n\\ngoroutine 1 .*main\.\(\*spout\)\.NextTuple`)
	h.exits(1)
}

func TestSpoutHearsEveryCommandAndAnswersUnknownOnesBySync(t *testing.T) {
	h := start(t, "lifecycle")
	h.send(command("activate", `""`), command("unknown", `""`), command("deactivate", `""`))
	h.expect(`{"command":"log","msg":"activated","level":0}`, synced, synced, `{"command":"log","msg":"deactivated","level":4}`, synced)
	for id, written := range map[string]string{`0`: `0`, `""`: `""`, `"\u00e9"`: `"é"`, `[ 1, {"a":1.0} ]`: `[1,{"a":1.0}]`} {
		h.send(command("ack", id))
		h.expect(`{"command":"emit","need_task_ids":false,"tuple":[`+written+`]}`, synced)
	}
	h.send(command("fail", `"x"`))
	h.expectLike(`"msg":"failed x\\n\\nreturned by \(\*test\.lifecycle\)\.Fail"`)
	h.exits(1)
}

func TestSpoutWaitsForTaskIDsOnlyWhenItLooksAtThem(t *testing.T) {
	h := start(t, "lifecycle")
	h.send(next)
	h.expect(`{"command":"emit","id":"é\"","tuple":["next"]}`)
	h.send(`[1,2]`)
	h.expect(`{"command":"emit","stream":"ids","need_task_ids":false,"tuple":[[1,2]]}`, synced)
	h.ends()
}

func TestSpoutEmitsNothingWhenAValueCannotBeEncodedAndLivesOn(t *testing.T) {
	h := start(t, "spout-mistakes")
	h.send(next, next)
	h.expectLike(`^\{"command":"error","msg":"panic: values\[0\] cannot be written as JSON`)
	h.expect(synced, `{"command":"emit","need_task_ids":false,"tuple":[2]}`, synced)
	h.ends()
}

// Task ids are never waited for unless somebody looks, and what arrives meanwhile keeps its order.

package test

import "testing"

func TestWhatArrivesDuringTheWaitForTaskIDsIsHandledAfterwardsInOrder(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["task_ids",1.0]`))
	h.expect(`{"command":"emit","anchors":["1"],"tuple":[1.0]}`)
	h.send(tuple(2, `["echo"]`), heartbeat, tuple(3, `["task_ids"]`), tuple(4, `["echo"]`), `[4,5]`)
	h.expect(emitted(1, `["task_ids",[4,5]]`), acked(1), emitted(2, `["echo"]`), acked(2), synced)
	h.expect(`{"command":"emit","anchors":["3"],"tuple":[]}`)
	h.send(tuple(5, `["echo"]`), `[]`)
	h.expect(emitted(3, `["task_ids",[]]`), acked(3), emitted(4, `["echo"]`), acked(4), emitted(5, `["echo"]`), acked(5))
	h.ends()
}

func TestTaskIDsThatNobodyLooksAtAreNotWaitedFor(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["task_ids_unread",7]`), tuple(2, `["task_ids_unread",8]`))
	h.expect(`{"command":"emit","anchors":["1"],"tuple":[7]}`, acked(1), `{"command":"emit","anchors":["2"],"tuple":[8]}`, acked(2))
	h.send(tuple(3, `["task_ids",9]`))
	h.expect(`{"command":"emit","anchors":["3"],"tuple":[9]}`)
	h.send(`[1]`, `[2]`, `[3]`)
	h.expect(emitted(3, `["task_ids",[3]]`), acked(3))
	h.ends()
}

func TestAnAnswerThatHoldsNoTaskIDsIsUnreadable(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["task_ids"]`))
	h.expect(`{"command":"emit","anchors":["1"],"tuple":[]}`)
	h.send(`["four"]`)
	h.exits(1)
	h.stderrSays(`an array that holds something else than task ids; it starts with "[\"four\"]" (8 bytes)`)
}

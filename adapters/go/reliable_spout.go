// The memory of a reliable spout: what was emitted stays here as text until it is acked; what failed is emitted again
// under its old id, to the stream it first went to.

package polybolt

// ReliableSpout is embedded in a spout that should replay what failed. Emit through its Emit, and begin NextTuple with
//
//	if s.Replay(out) {
//		return nil
//	}
//
// Its Ack and Fail are the spout's; a spout that defines its own calls these first. How much it remembers is bounded by
// `topology.max.spout.pending`.
type ReliableSpout struct {
	pending map[ID]remembered
	failed  []ID
}

type remembered struct {
	values   string
	emission emission
}

// Emit emits a tuple under the id and remembers it until it is acked. The id stands in MessageID's place.
func (r *ReliableSpout) Emit(out *SpoutCollector, id any, values Values, options ...Option) *TaskIDs {
	key := IDOf(id)
	if r.pending == nil {
		r.pending = map[ID]remembered{}
	}
	var e emission
	e.apply(options)
	e.id = []byte(key.JSON())
	text := string(encodeValues(nil, values))
	ids := emitText(out.component, &e, text)
	e.wantTaskIDs = false
	r.pending[key] = remembered{text, e}
	return ids
}

// Replay emits the tuple that has been failed longest again, if there is one, and says whether there was.
func (r *ReliableSpout) Replay(out *SpoutCollector) bool {
	for len(r.failed) > 0 {
		id := r.failed[0]
		r.failed = r.failed[1:]
		if again, ok := r.pending[id]; ok {
			emitText(out.component, &again.emission, again.values)
			return true
		}
	}
	return false
}

// Pending returns the number of tuples that are neither acked nor given up.
func (r *ReliableSpout) Pending() int { return len(r.pending) }

// Ack forgets the tuple.
func (r *ReliableSpout) Ack(id ID, _ *SpoutCollector) error {
	delete(r.pending, id)
	return nil
}

// Fail queues the tuple for Replay.
func (r *ReliableSpout) Fail(id ID, _ *SpoutCollector) error {
	if _, ok := r.pending[id]; ok {
		r.failed = append(r.failed, id)
	}
	return nil
}

// Forget gives a tuple up: a later Fail will not bring it back.
func (r *ReliableSpout) Forget(id any) { delete(r.pending, IDOf(id)) }

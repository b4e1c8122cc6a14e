// Reliable is a spout that loses nothing: it emits numbers under their own ids, and emits again what failed or timed
// out downstream. The configuration's `reliable.count` says how many.
package main

import (
	"fmt"

	polybolt "polybolt.dev/go"
)

type reliable struct {
	polybolt.ReliableSpout
	next, count int64
}

func (r *reliable) Open(conf polybolt.Conf, _ *polybolt.Context) error {
	r.count = conf.Int("reliable.count", 1000)
	return nil
}

func (r *reliable) NextTuple(out *polybolt.SpoutCollector) error {
	if r.Replay(out) || r.next == r.count {
		return nil
	}
	r.Emit(out, r.next, polybolt.Values{fmt.Sprintf("sentence number %d", r.next), r.next})
	r.next++
	return nil
}

func main() { polybolt.RunSpout(&reliable{}) }

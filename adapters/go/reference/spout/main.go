// The reference spout of the conformance kit: it counts, and replays what failed. Its configuration is described in
// adapters/README.md.
package main

import (
	"errors"

	polybolt "polybolt.dev/go"
)

type spout struct {
	polybolt.ReliableSpout
	next, count, batch int64
	unreliable, throw  bool
}

func (s *spout) Open(conf polybolt.Conf, _ *polybolt.Context) error {
	s.count = conf.Int("reference.count", 10)
	s.batch = conf.Int("reference.batch", 1)
	s.unreliable = conf.Bool("reference.unreliable", false)
	s.throw = conf.Bool("reference.throw", false)
	return nil
}

func (s *spout) NextTuple(out *polybolt.SpoutCollector) error {
	if s.throw {
		panic(errors.New("reference.throw is true"))
	}
	for i := int64(0); i < s.batch; i++ {
		switch {
		case s.Replay(out):
		case s.next == s.count:
			return nil
		default:
			s.emit(out)
		}
	}
	return nil
}

func (s *spout) emit(out *polybolt.SpoutCollector) {
	values := polybolt.Values{"spout", s.next}
	if s.unreliable {
		out.Emit(values)
	} else {
		s.ReliableSpout.Emit(out, s.next, values)
	}
	s.next++
}

func (s *spout) Ack(id polybolt.ID, out *polybolt.SpoutCollector) error {
	out.Debug("acked " + id.String())
	return s.ReliableSpout.Ack(id, out)
}

func (s *spout) Fail(id polybolt.ID, out *polybolt.SpoutCollector) error {
	out.Debug("failed " + id.String())
	return s.ReliableSpout.Fail(id, out)
}

func main() { polybolt.RunSpout(&spout{}) }

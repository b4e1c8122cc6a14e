package main

import (
	"strconv"

	polybolt "polybolt.dev/go"
)

// Several numbers a call save turns between the host and us.
const numbersACall = 50

// numbers emits the integers from 2 to a bound, each under itself as id, and again what failed.
type numbers struct {
	polybolt.ReliableSpout
	next, below int64
}

func (n *numbers) Open(conf polybolt.Conf, _ *polybolt.Context) (err error) {
	n.next = 2
	n.below, err = strconv.ParseInt(conf.String("primes.below", "10000"), 10, 64)
	return err
}

func (n *numbers) NextTuple(out *polybolt.SpoutCollector) error {
	if n.Replay(out) {
		return nil
	}
	for i := 0; i < numbersACall && n.next < n.below; i++ {
		n.Emit(out, n.next, polybolt.Values{n.next})
		n.next++
	}
	return nil
}

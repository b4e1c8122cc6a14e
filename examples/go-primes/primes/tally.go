package main

import polybolt "polybolt.dev/go"

// tally counts primes. It remembers them, so that a replay counts none twice.
type tally struct {
	seen    map[int64]bool
	largest int64
}

func (t *tally) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	prime := tuple.Int(0)
	t.seen[prime] = true
	if prime > t.largest {
		t.largest = prime
	}
	out.Emit(polybolt.Values{len(t.seen), t.largest})
	return nil
}

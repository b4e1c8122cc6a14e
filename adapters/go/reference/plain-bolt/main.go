// The reference plain bolt of the conformance kit: it manages its tuples itself. What each order does is the table in
// adapters/README.md.
package main

import (
	"errors"
	"fmt"
	"math"

	polybolt "polybolt.dev/go"
)

type bolt struct{ held []*polybolt.Tuple }

func (b *bolt) Process(tuple *polybolt.Tuple, out *polybolt.Collector) error {
	switch order := tuple.String(0); order {
	case "echo":
		out.Forward(tuple, polybolt.Anchors(tuple))
		out.Ack(tuple)
	case "hold":
		b.held = append(b.held, tuple)
	case "join":
		held := len(b.held)
		b.held = append(b.held, tuple)
		out.Emit(polybolt.Values{order, held}, polybolt.Anchors(b.held...))
		b.ackHeld(out)
	case "release":
		b.held = append(b.held, tuple)
		b.ackHeld(out)
	case "unanchored":
		out.Forward(tuple)
		out.Ack(tuple)
	case "unencodable":
		out.Emit(polybolt.Values{order, math.NaN()}, polybolt.Anchors(tuple))
		out.Ack(tuple)
	case "throw":
		panic(errors.New(tuple.String(1)))
	default:
		return fmt.Errorf("the reference plain bolt knows no order %q", order)
	}
	return nil
}

func (b *bolt) ackHeld(out *polybolt.Collector) {
	for _, tuple := range b.held {
		out.Ack(tuple)
	}
	b.held = nil
}

func main() { polybolt.RunBolt(&bolt{}) }

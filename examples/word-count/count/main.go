// Count is a basic bolt with a memory: it counts the words it sees and emits each with its count so far. A sentence that is
// replayed is counted again: at-least-once is what acking promises.
package main

import polybolt "polybolt.dev/go"

type count struct{ counts map[string]int }

func (c *count) Prepare(polybolt.Conf, *polybolt.Context) error {
	c.counts = map[string]int{}
	return nil
}

func (c *count) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	word := tuple.String(0)
	c.counts[word]++
	out.Emit(polybolt.Values{word, c.counts[word]})
	return nil
}

func main() { polybolt.RunBasicBolt(&count{}) }

// Count is a basic bolt with a memory: it counts the words it sees and emits each with its count so far. At a tick it
// logs how many different words there are. Route words to it by a fields grouping, so that each has one counter.
package main

import (
	"fmt"

	polybolt "polybolt.dev/go"
)

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

func (c *count) ProcessTick(_ *polybolt.Tuple, out *polybolt.BasicCollector) error {
	out.Info(fmt.Sprintf("%d different words", len(c.counts)))
	return nil
}

func main() { polybolt.RunBasicBolt(&count{}) }

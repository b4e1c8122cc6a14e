// Split is a basic bolt: a sentence comes in, its words go out, each anchored to the sentence. A word is a run of ASCII
// letters, in lower case.
package main

import (
	"strings"

	polybolt "polybolt.dev/go"
)

type split struct{}

func (split) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	for _, word := range strings.FieldsFunc(tuple.String(0), isNoLetter) {
		out.Emit(polybolt.Values{strings.ToLower(word)})
	}
	return nil
}

func isNoLetter(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func main() { polybolt.RunBasicBolt(split{}) }

// Primes is three components in one program; the first argument says which one to be.
package main

import (
	"fmt"
	"os"

	polybolt "polybolt.dev/go"
)

func main() {
	part := ""
	if len(os.Args) > 1 {
		part = os.Args[1]
	}
	switch part {
	case "numbers":
		polybolt.RunSpout(&numbers{})
	case "test":
		polybolt.RunBasicBolt(test{})
	case "tally":
		polybolt.RunBasicBolt(&tally{seen: map[int64]bool{}})
	default:
		fmt.Fprintf(os.Stderr, "usage: primes numbers|test|tally, not %q\n", part)
		os.Exit(2)
	}
}

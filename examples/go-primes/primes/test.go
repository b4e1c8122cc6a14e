package main

import polybolt "polybolt.dev/go"

// test sends primes on, and what has a divisor to another stream, with it.
type test struct{}

func (test) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	number := tuple.Int(0)
	if divisor := smallestDivisor(number); divisor < number {
		out.Emit(polybolt.Values{number, divisor}, polybolt.Stream("composite"))
	} else {
		out.Emit(polybolt.Values{number})
	}
	return nil
}

func smallestDivisor(number int64) int64 {
	for divisor := int64(2); divisor*divisor <= number; divisor++ {
		if number%divisor == 0 {
			return divisor
		}
	}
	return number
}

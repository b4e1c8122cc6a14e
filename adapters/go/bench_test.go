// Benchmarks of the hot path: `go test -bench . -run ^$`. They judge nothing.

package polybolt

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

type echoBolt struct{}

func (echoBolt) Process(tuple *Tuple, out *BasicCollector) error {
	out.Forward(tuple)
	return nil
}

type decodingBolt struct{}

func (decodingBolt) Process(tuple *Tuple, out *BasicCollector) error {
	out.Emit(Values{tuple.String(0), tuple.Int(1) + 1})
	return nil
}

// repeated gives the handshake and then the same chunk of messages again and again.
type repeated struct {
	first, chunk *strings.Reader
	left         int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.first.Len() > 0 {
		return r.first.Read(p)
	}
	if r.chunk.Len() == 0 {
		if r.left--; r.left < 0 {
			return 0, io.EOF
		}
		r.chunk.Seek(0, io.SeekStart)
	}
	return r.chunk.Read(p)
}

func benchmarkBasic(b *testing.B, bolt BasicBolt) {
	const tuples = 100
	var chunk strings.Builder
	for i := 0; i < tuples; i++ {
		fmt.Fprintf(&chunk, `{"id":"%d","comp":"spout","stream":"default","task":4,"tuple":["the quick brown fox",%d]}`+"\nend\n", 5249979066121302517+i, i)
	}
	source := &repeated{strings.NewReader("{\"pidDir\":\"\",\"conf\":{},\"context\":{}}\nend\n"), strings.NewReader(chunk.String()), b.N/tuples + 1}
	source.chunk.Seek(0, io.SeekEnd)
	b.ReportAllocs()
	b.ResetTimer()
	started := time.Now()
	out := newWriter(io.Discard, func() time.Duration { return time.Since(started) }, func(err error) { b.Fatal(err) })
	c := &component{reader: newReader(source), out: out, stderr: io.Discard}
	if status := c.run(newBasicHandler(c, bolt)); status != 0 {
		b.Fatal("exit status", status)
	}
}

func BenchmarkEchoForward(b *testing.B) { benchmarkBasic(b, echoBolt{}) }
func BenchmarkEchoDecoded(b *testing.B) { benchmarkBasic(b, decodingBolt{}) }

// The reference basic bolt of the conformance kit: it takes its orders from the first value of each tuple. What each
// order does is the table in adapters/README.md.
package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"time"

	polybolt "polybolt.dev/go"
)

type bolt struct {
	conf  polybolt.Conf
	ticks int
}

func (b *bolt) Prepare(conf polybolt.Conf, _ *polybolt.Context) error {
	b.conf = conf
	return nil
}

func (b *bolt) ProcessTick(*polybolt.Tuple, *polybolt.BasicCollector) error {
	b.ticks++
	return nil
}

func (b *bolt) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	switch order := tuple.String(0); order {
	case "echo":
		out.Forward(tuple)
	case "fail":
		return polybolt.ErrFail
	case "throw":
		panic(errors.New(tuple.String(1)))
	case "unencodable":
		out.Emit(polybolt.Values{order, math.NaN()})
	case "emit_direct":
		out.Emit(rest(tuple, 2), polybolt.Direct(int(tuple.Int(1))))
	case "emit_many":
		for i, n := int64(0), tuple.Int(1); i < n; i++ {
			out.Emit(polybolt.Values{order, i})
		}
	case "emit_stream":
		out.Emit(rest(tuple, 2), polybolt.Stream(tuple.String(1)))
	case "task_ids":
		ids := out.Emit(rest(tuple, 1), polybolt.WantTaskIDs())
		out.Emit(polybolt.Values{order, ids.IDs()})
	case "task_ids_unread":
		out.Emit(rest(tuple, 1), polybolt.WantTaskIDs())
	case "sleep":
		time.Sleep(time.Duration(tuple.Float(1) * float64(time.Millisecond)))
		out.Forward(tuple)
	case "print":
		fmt.Println(tuple.String(1))
		out.Forward(tuple)
	case "spawn":
		child := exec.Command("printf", "%s\n", tuple.String(1))
		child.Stdout = os.Stdout
		if err := child.Run(); err != nil {
			return err
		}
		out.Forward(tuple)
	case "log":
		out.Log(tuple.String(2), polybolt.Level(tuple.Int(1)))
	case "error":
		out.ReportError(errors.New(tuple.String(1)))
	case "metric":
		out.ReportMetric(tuple.String(1), tuple.Raw(2))
	case "ticks":
		out.Emit(polybolt.Values{order, b.ticks})
	case "conf":
		out.Emit(polybolt.Values{order, tuple.Raw(1), b.conf[tuple.String(1)]})
	default:
		return fmt.Errorf("the reference bolt knows no order %q", order)
	}
	return nil
}

// rest returns the values from the given one on, as they were written.
func rest(tuple *polybolt.Tuple, from int) polybolt.Values {
	values := polybolt.Values{}
	for i := from; i < tuple.Len(); i++ {
		values = append(values, tuple.Raw(i))
	}
	return values
}

func main() { polybolt.RunBasicBolt(&bolt{}) }

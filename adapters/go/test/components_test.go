// Components that do what the reference components do not: hang, misbehave in their hooks, work in goroutines.

package test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"

	polybolt "polybolt.dev/go"
)

var components = map[string]func(){
	"blocks":         func() { polybolt.RunBasicBolt(blocks{}) },
	"leaves-child":   func() { polybolt.RunBasicBolt(leavesChild{}) },
	"guarded":        func() { polybolt.RunBasicBolt(guarded{}) },
	"hooks":          func() { polybolt.RunBasicBolt(&hooks{}) },
	"returns-error":  func() { polybolt.RunBolt(returnsError{}) },
	"prepare-fails":  func() { polybolt.RunBolt(prepareFails{}) },
	"open-fails":     func() { polybolt.RunSpout(openFails{}) },
	"close-fails":    func() { polybolt.RunBasicBolt(closeFails{}) },
	"concurrent":     func() { polybolt.RunBolt(&concurrent{}) },
	"ticking":        func() { polybolt.RunBolt(&ticking{}) },
	"lifecycle":      func() { polybolt.RunSpout(&lifecycle{}) },
	"settles-twice":  func() { polybolt.RunBolt(settlesTwice{}) },
	"odd-panics":     func() { polybolt.RunBasicBolt(oddPanics{}) },
	"recovering":     func() { polybolt.RunBasicBolt(recovering{}) },
	"spout-mistakes": func() { polybolt.RunSpout(&spoutMistakes{}) },
}

// blocks emits, and then waits until somebody writes to the named pipe that its tuple names.
type blocks struct{}

func (blocks) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	out.Emit(polybolt.Values{"before"})
	_, err := os.ReadFile(tuple.String(0))
	return err
}

// leavesChild starts a child that outlives it: until somebody writes to the named pipe that its tuple names.
type leavesChild struct{}

func (leavesChild) Process(tuple *polybolt.Tuple, _ *polybolt.BasicCollector) error {
	return exec.Command("sh", "-c", `read line < "$1"`, "sh", tuple.String(0)).Start()
}

// guarded tries to read the protocol, and to write to it in every way it knows.
type guarded struct{}

func (guarded) Process(_ *polybolt.Tuple, out *polybolt.BasicCollector) error {
	input, err := io.ReadAll(os.Stdin)
	fmt.Println("printed")
	println("println")
	os.Stdout.WriteString("written\n")
	child := exec.Command("sh", "-c", "cat; echo from a child")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err == nil {
		err = child.Run()
	}
	out.Emit(polybolt.Values{string(input)})
	return err
}

// hooks says what it was told at the start, and that it was closed.
type hooks struct{ context *polybolt.Context }

func (h *hooks) Prepare(conf polybolt.Conf, context *polybolt.Context) error {
	h.context = context
	context.Info(fmt.Sprintln(context.ComponentID, context.TaskID, context.TaskComponents, context.Raw["new"], conf["x"],
		conf.String("s", "none"), conf.Int("x", 7), conf.Int("n", 7), conf.Bool("b", false), conf.Float("f", 0), conf.Float("none", 9)))
	return nil
}

func (h *hooks) Process(_ *polybolt.Tuple, out *polybolt.BasicCollector) error {
	out.Emit(polybolt.Values{out.Emit(polybolt.Values{}, polybolt.WantTaskIDs()).IDs()})
	return nil
}

func (h *hooks) Close() error {
	h.context.Info("closed")
	return nil
}

type returnsError struct{}

func (returnsError) Process(tuple *polybolt.Tuple, out *polybolt.Collector) error {
	switch tuple.String(0) {
	case "fail":
		return fmt.Errorf("not now: %w", polybolt.ErrFail)
	case "unencodable":
		_, err := polybolt.Encode(polybolt.Values{math.Inf(1)})
		return err
	}
	out.Emit(polybolt.Values{"half"}, polybolt.Anchors(tuple))
	return errors.New("the tuple is cursed")
}

type prepareFails struct{ returnsError }

func (prepareFails) Prepare(polybolt.Conf, *polybolt.Context) error { panic("not prepared") }

type openFails struct{}

func (openFails) Open(polybolt.Conf, *polybolt.Context) error { return errors.New("not opened") }
func (openFails) NextTuple(_ *polybolt.SpoutCollector) error  { return nil }

type closeFails struct{ blocks }

func (closeFails) Close() error { return errors.New("not closed") }

// concurrent echoes each tuple from a goroutine, when the last of them has arrived.
type concurrent struct {
	waiting []*polybolt.Tuple
	group   sync.WaitGroup
}

func (c *concurrent) Process(tuple *polybolt.Tuple, out *polybolt.Collector) error {
	c.waiting = append(c.waiting, tuple)
	if tuple.String(0) != "last" {
		return nil
	}
	for _, tuple := range c.waiting {
		c.group.Add(1)
		go func(tuple *polybolt.Tuple) {
			defer c.group.Done()
			out.Forward(tuple, polybolt.Anchors(tuple))
			out.Ack(tuple)
		}(tuple)
	}
	return nil
}

func (c *concurrent) Close() error {
	c.group.Wait()
	return nil
}

// ticking is a plain bolt that raises at its second tick.
type ticking struct{ ticks int }

func (*ticking) Process(tuple *polybolt.Tuple, out *polybolt.Collector) error {
	out.Ack(tuple)
	return nil
}

func (t *ticking) ProcessTick(tick *polybolt.Tuple, out *polybolt.Collector) error {
	if t.ticks++; t.ticks == 2 {
		return errors.New("tock")
	}
	out.Emit(polybolt.Values{"tick", tick.Int(0)})
	return nil
}

// lifecycle is a spout that says what it is told.
type lifecycle struct{ polybolt.ReliableSpout }

func (*lifecycle) NextTuple(out *polybolt.SpoutCollector) error {
	ids := out.Emit(polybolt.Values{"next"}, polybolt.MessageID("é\""), polybolt.WantTaskIDs())
	out.Emit(polybolt.Values{ids.IDs()}, polybolt.Stream("ids"))
	return nil
}
func (*lifecycle) Activate(out *polybolt.SpoutCollector) error { out.Trace("activated"); return nil }
func (*lifecycle) Deactivate(out *polybolt.SpoutCollector) error {
	out.Error("deactivated")
	return nil
}
func (*lifecycle) Ack(id polybolt.ID, out *polybolt.SpoutCollector) error {
	out.Emit(polybolt.Values{id})
	return nil
}
func (*lifecycle) Fail(id polybolt.ID, _ *polybolt.SpoutCollector) error {
	return errors.New("failed " + id.String())
}
func (*lifecycle) Close() error { return nil }

// settlesTwice acks a tuple, then emits what cannot be encoded, and at the next tuple acks it once more.
type settlesTwice struct{}

func (settlesTwice) Process(tuple *polybolt.Tuple, out *polybolt.Collector) error {
	out.Ack(tuple)
	out.Fail(tuple)
	out.Emit(polybolt.Values{math.NaN()})
	return nil
}

type oddPanics struct{}

func (oddPanics) Process(tuple *polybolt.Tuple, _ *polybolt.BasicCollector) error {
	switch tuple.String(0) {
	case "nil":
		panic(nil)
	case "pointer":
		var missing *polybolt.Tuple
		return errors.New(missing.ID)
	case "index":
		tuple.Int(5)
	}
	panic(strings.Repeat("x", 3) + "\xff")
}

// recovering catches what Emit raises, and what ends the wait for task ids.
type recovering struct{}

func (recovering) Process(tuple *polybolt.Tuple, out *polybolt.BasicCollector) error {
	defer func() {
		if raised := recover(); raised != nil && tuple.Len() == 0 {
			out.Emit(polybolt.Values{"instead"})
		}
	}()
	if tuple.Len() > 0 {
		out.Emit(nil, polybolt.WantTaskIDs()).IDs()
	}
	out.Emit(polybolt.Values{make(chan int)})
	return nil
}

// spoutMistakes emits what cannot be encoded, and then what can.
type spoutMistakes struct{ calls int }

func (s *spoutMistakes) NextTuple(out *polybolt.SpoutCollector) error {
	if s.calls++; s.calls == 1 {
		out.Emit(polybolt.Values{math.NaN()}, polybolt.MessageID(1))
	}
	out.Emit(polybolt.Values{s.calls}, polybolt.MessageID(nil))
	return nil
}

// The plain bolt: it acks and fails its tuples itself, names the anchors of its emits, and may hold tuples for as long
// as it needs them, or work on them in goroutines. An error that leaves Process ends the process with status 1.

package polybolt

import "errors"

// Bolt handles tuples and settles each of them once, now or later, by out.Ack or out.Fail. An error it returns, or a
// panic, is reported and ends the process, so that the host starts a fresh one and fails what this one held. Two errors
// do less: ErrFail fails the tuple, and a value that cannot be encoded fails the tuple and is reported.
type Bolt interface {
	Process(tuple *Tuple, out *Collector) error
}

// TickProcessor is a Bolt that wants tick tuples, which come every `topology.tick.tuple.freq.secs`. The library acks them.
type TickProcessor interface {
	ProcessTick(tick *Tuple, out *Collector) error
}

// Preparer is a bolt of either kind that wants to set itself up before its first tuple.
type Preparer interface {
	Prepare(conf Conf, context *Context) error
}

// Closer is a component that wants to clean up when the host has closed its input.
type Closer interface {
	Close() error
}

// Collector takes what a Bolt emits and which tuples are done. Its methods may be called from any goroutine, but a
// value that cannot be encoded is a panic, which outside Process ends the program: Encode finds out beforehand.
type Collector struct{ emitter }

// Forward emits the values of a tuple as they came, undecoded: the quickest emit, and one that changes no byte.
func (c *Collector) Forward(tuple *Tuple, options ...Option) *TaskIDs {
	return c.forward(tuple, options)
}

// Ack says that the tuple is done. A tuple that has been acked or failed before stays as it is.
func (c *Collector) Ack(tuple *Tuple) { c.component.settle(tuple, "ack") }

// Fail says that the tuple has failed and should be replayed.
func (c *Collector) Fail(tuple *Tuple) { c.component.settle(tuple, "fail") }

// RunBolt runs the bolt until the host closes its input. After a crash it does not return: it exits with status 1.
func RunBolt(bolt Bolt) {
	exit(runOnStdio(func(c *component) handler { return newBoltHandler(c, bolt) }))
}

type boltHandler struct {
	lifecycle
	bolt  Bolt
	ticks TickProcessor
	out   Collector
}

func newBoltHandler(c *component, bolt Bolt) *boltHandler {
	ticks, _ := bolt.(TickProcessor)
	h := &boltHandler{bolt: bolt, ticks: ticks, out: Collector{emitter{Reporter{c.out}, c, nil}}}
	h.lifecycle = lifecycle{h.out.Reporter, bolt, []hook{
		{"ProcessTick", ticks != nil, "ProcessTick(*polybolt.Tuple, *polybolt.Collector) error"}, prepareHook(bolt), closeHook(bolt),
	}}
	return h
}

func (h *boltHandler) start(conf Conf, context *Context) error { return h.prepare(conf, context) }

func (h *boltHandler) handle(m *message) error {
	tuple, err := inputOf(m, h.out.component)
	if tuple == nil || err != nil {
		return err
	}
	method := "Process"
	if tuple.isTick() {
		method = "ProcessTick"
		err = h.tick(tuple)
	} else {
		err = h.process(tuple)
	}
	if err == nil {
		return nil
	}
	var cannotEncode *EncodeError
	switch {
	case isFatal(err):
		return err
	case errors.Is(err, ErrFail):
		h.out.Fail(tuple)
		return nil
	}
	h.out.report(trace(err, h.bolt, method))
	if errors.As(err, &cannotEncode) {
		h.out.Fail(tuple)
		return nil
	}
	return err
}

func (h *boltHandler) process(tuple *Tuple) (err error) {
	err = errNoPanicValue
	defer catch(&err)
	return h.bolt.Process(tuple, &h.out)
}

func (h *boltHandler) tick(tuple *Tuple) (err error) {
	if h.ticks != nil {
		err = errNoPanicValue
		defer catch(&err)
		err = h.ticks.ProcessTick(tuple, &h.out)
	}
	if err == nil {
		h.out.Ack(tuple)
	}
	return err
}

// inputOf returns the tuple that a message to a bolt holds, nil when it holds none or the library has dealt with it.
func inputOf(m *message, c *component) (*Tuple, error) {
	if m.tuple == "" {
		return nil, nil
	}
	tuple, err := newTuple(m)
	if err != nil {
		return nil, &unreadable{reason: err}
	}
	if tuple.isHeartbeat() {
		c.sync()
		return nil, nil
	}
	return tuple, nil
}

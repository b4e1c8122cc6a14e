// The basic bolt: what it emits is anchored to its input, which is acked when Process returns nil and failed when it
// returns an error or panics. A failure is reported and the process lives on.

package polybolt

import "errors"

// BasicBolt handles one tuple at a time. Nil acks the tuple; ErrFail fails it; any other error, or a panic, is reported
// and fails it.
type BasicBolt interface {
	Process(tuple *Tuple, out *BasicCollector) error
}

// BasicTickProcessor is a BasicBolt that wants tick tuples, which come every `topology.tick.tuple.freq.secs`.
type BasicTickProcessor interface {
	ProcessTick(tick *Tuple, out *BasicCollector) error
}

// BasicCollector takes what a BasicBolt emits. It is for use until Process returns.
type BasicCollector struct{ emitter }

// Forward emits the values of a tuple as they came, undecoded: the quickest emit, and one that changes no byte.
func (c *BasicCollector) Forward(tuple *Tuple, options ...Option) *TaskIDs {
	return c.forward(tuple, options)
}

// RunBasicBolt runs the bolt until the host closes its input. After a crash it does not return: it exits with status 1.
func RunBasicBolt(bolt BasicBolt) {
	exit(runOnStdio(func(c *component) handler { return newBasicHandler(c, bolt) }))
}

type basicHandler struct {
	lifecycle
	bolt  BasicBolt
	ticks BasicTickProcessor
	out   BasicCollector
}

func newBasicHandler(c *component, bolt BasicBolt) *basicHandler {
	ticks, _ := bolt.(BasicTickProcessor)
	h := &basicHandler{bolt: bolt, ticks: ticks, out: BasicCollector{emitter{Reporter{c.out}, c, nil}}}
	h.lifecycle = lifecycle{h.out.Reporter, bolt, []hook{
		{"ProcessTick", ticks != nil, "ProcessTick(*polybolt.Tuple, *polybolt.BasicCollector) error"}, prepareHook(bolt), closeHook(bolt),
	}}
	return h
}

func (h *basicHandler) start(conf Conf, context *Context) error { return h.prepare(conf, context) }

func (h *basicHandler) handle(m *message) error {
	tuple, err := inputOf(m, h.out.component)
	if tuple == nil || err != nil {
		return err
	}
	h.out.input = tuple
	method := "Process"
	if tuple.isTick() {
		method = "ProcessTick"
		err = h.tick(tuple)
	} else {
		err = h.process(tuple)
	}
	switch {
	case err == nil:
		h.out.component.settle(tuple, "ack")
		return nil
	case isFatal(err):
		return err
	case !errors.Is(err, ErrFail):
		h.out.report(trace(err, h.bolt, method))
	}
	h.out.component.settle(tuple, "fail")
	return nil
}

func (h *basicHandler) process(tuple *Tuple) (err error) {
	err = errNoPanicValue
	defer catch(&err)
	return h.bolt.Process(tuple, &h.out)
}

func (h *basicHandler) tick(tuple *Tuple) (err error) {
	if h.ticks == nil {
		return nil
	}
	err = errNoPanicValue
	defer catch(&err)
	return h.ticks.ProcessTick(tuple, &h.out)
}

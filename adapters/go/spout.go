// The spout: it answers one command at a time, and each command it has answered ends with a sync. An error that leaves
// its methods is reported and ends the process with status 1; a value that cannot be encoded is reported only.

package polybolt

import "errors"

// Spout emits tuples when it is asked for the next ones; it should return soon, also when it has none.
type Spout interface {
	NextTuple(out *SpoutCollector) error
}

// Opener is a spout that wants to set itself up before its first command.
type Opener interface {
	Open(conf Conf, context *Context) error
}

// Acker is a spout that wants to hear which of its tuples were processed to the end.
type Acker interface {
	Ack(id ID, out *SpoutCollector) error
}

// Failer is a spout that wants to hear which of its tuples failed or timed out, to emit them again.
type Failer interface {
	Fail(id ID, out *SpoutCollector) error
}

// Activator is a spout that wants to know when it is about to be asked for tuples.
type Activator interface {
	Activate(out *SpoutCollector) error
}

// Deactivator is a spout that wants to know when it will not be asked for tuples for a while.
type Deactivator interface {
	Deactivate(out *SpoutCollector) error
}

// SpoutCollector takes what a spout emits.
type SpoutCollector struct{ emitter }

// RunSpout runs the spout until the host closes its input. After a crash it does not return: it exits with status 1.
func RunSpout(spout Spout) {
	exit(runOnStdio(func(c *component) handler { return newSpoutHandler(c, spout) }))
}

type spoutHandler struct {
	lifecycle
	spout Spout
	out   SpoutCollector

	opener      Opener
	acker       Acker
	failer      Failer
	activator   Activator
	deactivator Deactivator
}

func newSpoutHandler(c *component, spout Spout) *spoutHandler {
	h := &spoutHandler{spout: spout, out: SpoutCollector{emitter{Reporter{c.out}, c, nil}}}
	h.opener, _ = spout.(Opener)
	h.acker, _ = spout.(Acker)
	h.failer, _ = spout.(Failer)
	h.activator, _ = spout.(Activator)
	h.deactivator, _ = spout.(Deactivator)
	h.lifecycle = lifecycle{h.out.Reporter, spout, []hook{
		{"Open", h.opener != nil, "Open(polybolt.Conf, *polybolt.Context) error"},
		{"Ack", h.acker != nil, "Ack(polybolt.ID, *polybolt.SpoutCollector) error"},
		{"Fail", h.failer != nil, "Fail(polybolt.ID, *polybolt.SpoutCollector) error"},
		{"Activate", h.activator != nil, "Activate(*polybolt.SpoutCollector) error"},
		{"Deactivate", h.deactivator != nil, "Deactivate(*polybolt.SpoutCollector) error"},
		closeHook(spout),
	}}
	return h
}

func (h *spoutHandler) start(conf Conf, context *Context) error {
	return h.setUp("Open", func() error {
		if h.opener == nil {
			return nil
		}
		return h.opener.Open(conf, context)
	})
}

func (h *spoutHandler) handle(m *message) error {
	command, _ := plainText(m.command)
	method, known := spoutMethods[command]
	if !known {
		// A command of a later protocol: the host waits for its sync all the same (ML-SP-03).
		h.out.component.sync()
		return nil
	}
	if err := h.call(command, m.id); err != nil {
		var cannotEncode *EncodeError
		if isFatal(err) {
			return err
		}
		h.out.report(trace(err, h.spout, method))
		if !errors.As(err, &cannotEncode) {
			return err
		}
	}
	h.out.component.sync()
	return nil
}

var spoutMethods = map[string]string{
	"next": "NextTuple", "ack": "Ack", "fail": "Fail", "activate": "Activate", "deactivate": "Deactivate",
}

func (h *spoutHandler) call(command, id string) (err error) {
	err = errNoPanicValue
	defer catch(&err)
	switch {
	case command == "next":
		return h.spout.NextTuple(&h.out)
	case command == "ack" && h.acker != nil:
		return h.acker.Ack(idOfText(id), &h.out)
	case command == "fail" && h.failer != nil:
		return h.failer.Fail(idOfText(id), &h.out)
	case command == "activate" && h.activator != nil:
		return h.activator.Activate(&h.out)
	case command == "deactivate" && h.deactivator != nil:
		return h.deactivator.Deactivate(&h.out)
	}
	return nil
}

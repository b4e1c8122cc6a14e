// The loop that every component runs in: the handshake, then one message after the other, and output flushed before
// each read that may block. It knows neither bolts nor spouts; it is given a handler.

package polybolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// handler is a bolt or spout as the loop sees it. An error ends the process; it has been reported by then, unless it is
// errEnd or an *unreadable.
type handler interface {
	start(conf Conf, context *Context) error
	handle(m *message) error
	close() error
}

type component struct {
	reader  *reader
	out     *writer
	stderr  io.Writer
	message message
	ready   bool       // the component has been set up
	held    []string   // messages that arrived during a wait for task ids
	owed    []*TaskIDs // emits whose task ids the host owes; guarded by the writer's lock
}

// run handles messages until the input ends, and returns the exit status.
func (c *component) run(h handler) (status int) {
	err := c.handshake(h)
	for err == nil {
		err = c.step(h)
	}
	var message *unreadable
	switch {
	case errors.Is(err, errEnd):
		c.out.flush()
		if !c.ready || h.close() == nil {
			c.out.flush()
			return 0
		}
	case errors.As(err, &message):
		fmt.Fprintln(c.stderr, message)
	}
	c.out.flush()
	return 1
}

func (c *component) handshake(h handler) error {
	text, err := c.readMessage()
	if err != nil {
		return err
	}
	if err = c.message.parse(text); err == nil && c.message.isTaskIDs {
		err = errors.New("an array in place of the handshake")
	}
	if err != nil {
		return &unreadable{err, text}
	}
	conf, context, pidDir, err := readHandshake(&c.message, &Reporter{c.out})
	if err != nil {
		return &unreadable{err, text}
	}
	c.sendPid(pidDir)
	err = h.start(conf, context)
	c.ready = err == nil
	return err
}

// sendPid sends the process id before anything else and leaves a file of that name where the host looks for it.
func (c *component) sendPid(pidDir string) {
	pid := strconv.Itoa(os.Getpid())
	c.out.begin()
	c.out.buffer = append(c.out.buffer, `{"pid":`+pid+`}`...)
	c.out.endFlushed()
	if pidDir == "" {
		return
	}
	file, err := os.Create(filepath.Join(pidDir, pid))
	if err != nil {
		fmt.Fprintf(c.stderr, "polybolt: cannot create the pid file: %v; the component runs on without it\n", err)
		return
	}
	file.Close()
}

func (c *component) step(h handler) error {
	text, err := c.nextMessage()
	if err != nil {
		return err
	}
	if err = c.message.parse(text); err != nil {
		return &unreadable{err, text}
	}
	if c.message.isTaskIDs {
		return c.deliverTaskIDs(text)
	}
	err = h.handle(&c.message)
	c.out.boundary()
	if message, ok := err.(*unreadable); ok && message.text == "" {
		message.text = text
	}
	return err
}

// nextMessage returns the next message in the order of arrival.
func (c *component) nextMessage() (string, error) {
	if len(c.held) == 0 {
		return c.readMessage()
	}
	text := c.held[0]
	if c.held = c.held[1:]; len(c.held) == 0 {
		c.held = nil
	}
	return text, nil
}

func (c *component) readMessage() (string, error) {
	for {
		if text, ok := c.reader.next(); ok {
			return text, nil
		}
		c.out.flush()
		if err := c.reader.read(); err != nil {
			if err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
				fmt.Fprintf(c.stderr, "polybolt: cannot read from the host: %v\n", err)
				return "", errBroken
			}
			return "", errEnd
		}
	}
}

func (c *component) sync() {
	c.out.begin()
	c.out.buffer = append(c.out.buffer, `{"command":"sync"}`...)
	c.out.end()
}

// settle acks or fails a tuple, once: the library itself fails a tuple whose emit could not be written, and the
// component may not know. The host ends a process that settles a tuple twice.
func (c *component) settle(tuple *Tuple, command string) {
	c.out.begin()
	if tuple.settled {
		c.out.lock.Unlock()
		return
	}
	tuple.settled = true
	b := append(c.out.buffer, `{"command":"`...)
	b = append(b, command...)
	b = append(b, `","id":`...)
	b = append(b, tuple.idText...)
	c.out.buffer = append(b, '}')
	c.out.end()
}

// Messages to the host, collected in a buffer and written together. Only whole messages enter the buffer, under one
// lock, so any goroutine may write and any flush ends behind an `end` line. When to flush is decided here; what a
// message says is not.

package polybolt

import (
	"io"
	"sync"
	"time"
)

const (
	flushBytes    = 64 << 10              // at a message boundary, once so much has collected
	flushAfter    = 2 * time.Millisecond  // at a tuple boundary, once the last flush is so old
	flushIdle     = 10 * time.Millisecond // in the background, while user code blocks
	idleBytesHeld = 1 << 20               // a buffer that one large message has blown up beyond this is given back
)

type writer struct {
	lock   sync.Mutex
	target io.Writer
	now    func() time.Duration // a monotonic clock
	gone   func(error)          // called when the host can no longer be written to; does not return

	buffer       []byte
	waitingSince time.Duration // when the buffer stopped being empty
	lastFlush    time.Duration
	wake         chan struct{} // tells the background flusher that output waits
	watched      bool          // the background flusher has been told
}

func newWriter(target io.Writer, now func() time.Duration, gone func(error)) *writer {
	return &writer{
		target: target, now: now, gone: gone,
		buffer: make([]byte, 0, 2*flushBytes), lastFlush: now(), wake: make(chan struct{}, 1),
	}
}

// begin locks the writer for one message, which is then appended to the buffer and closed with end.
func (w *writer) begin() {
	w.lock.Lock()
	if len(w.buffer) == 0 {
		w.waitingSince = w.now()
		if !w.watched {
			w.watched = true
			w.wake <- struct{}{}
		}
	}
}

func (w *writer) end() {
	w.buffer = append(w.buffer, "\nend\n"...)
	if len(w.buffer) >= flushBytes {
		w.flushLocked()
	}
	w.lock.Unlock()
}

// endFlushed closes a message that leaves at once.
func (w *writer) endFlushed() {
	w.buffer = append(w.buffer, "\nend\n"...)
	w.flushLocked()
	w.lock.Unlock()
}

// boundary is called when a tuple has been dealt with.
func (w *writer) boundary() {
	w.lock.Lock()
	if len(w.buffer) > 0 && w.now()-w.lastFlush >= flushAfter {
		w.flushLocked()
	}
	w.lock.Unlock()
}

func (w *writer) flush() {
	w.lock.Lock()
	w.flushLocked()
	w.lock.Unlock()
}

func (w *writer) flushLocked() {
	if len(w.buffer) == 0 {
		return
	}
	if _, err := w.target.Write(w.buffer); err != nil {
		w.gone(err)
	}
	w.lastFlush = w.now()
	if cap(w.buffer) > idleBytesHeld {
		w.buffer = make([]byte, 0, 2*flushBytes)
	}
	w.buffer = w.buffer[:0]
}

// flushStale writes what has waited for flushIdle or longer. It returns how long to wait until it should look again;
// 0 when nothing waits, and then the next message wakes the flusher.
func (w *writer) flushStale() (wait time.Duration) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if len(w.buffer) > 0 {
		if age := w.now() - w.waitingSince; age < flushIdle {
			return flushIdle - age
		}
		w.flushLocked()
	}
	w.watched = false
	return 0
}

// watch is the background flusher: it keeps output moving while user code blocks. It sleeps while nothing waits.
func (w *writer) watch() {
	for range w.wake {
		for wait := flushIdle; wait > 0; wait = w.flushStale() {
			time.Sleep(wait)
		}
	}
}

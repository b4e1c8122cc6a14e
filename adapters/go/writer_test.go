// When output leaves, by a clock that the test turns.

package polybolt

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// recorder keeps what each write held.
type recorder struct{ writes []string }

func (r *recorder) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), nil
}

type testWriter struct {
	*writer
	recorder
	time time.Duration
}

func newTestWriter() *testWriter {
	w := &testWriter{time: time.Hour}
	w.writer = newWriter(&w.recorder, func() time.Duration { return w.time }, func(err error) { panic(err) })
	return w
}

func (w *testWriter) say(text string) {
	w.begin()
	w.buffer = append(w.buffer, text...)
	w.end()
}

func (w *testWriter) expect(t *testing.T, writes ...string) {
	t.Helper()
	if len(w.writes) == 0 && len(writes) == 0 {
		return
	}
	if !reflect.DeepEqual(w.writes, writes) {
		t.Fatalf("the writes are %q, want %q", w.writes, writes)
	}
}

func TestMessagesAreCollectedUntilAFlush(t *testing.T) {
	w := newTestWriter()
	w.say("1")
	w.say("2")
	w.boundary()
	w.expect(t)
	w.flush()
	w.flush()
	w.expect(t, "1\nend\n2\nend\n")
}

func TestATupleBoundaryFlushesTwoMillisecondsAfterTheLastFlush(t *testing.T) {
	w := newTestWriter()
	w.time += 2*time.Millisecond - 1
	w.say("1")
	w.boundary()
	w.expect(t)
	w.time++
	w.boundary()
	w.expect(t, "1\nend\n")
	w.say("2")
	w.boundary()
	w.expect(t, "1\nend\n")
	w.time += 2 * time.Millisecond
	w.boundary()
	w.expect(t, "1\nend\n", "2\nend\n")
}

func TestSixtyFourKiBAreWrittenAtOnce(t *testing.T) {
	w := newTestWriter()
	w.say(strings.Repeat("x", 64<<10-len("\nend\n")-1))
	if len(w.writes) != 0 {
		t.Fatal("written a byte too early")
	}
	w.say("")
	if len(w.writes) != 1 {
		t.Fatal("not written at 64 KiB")
	}
}

func TestTheBackgroundFlusherWritesWhatHasWaitedTenMilliseconds(t *testing.T) {
	w := newTestWriter()
	w.say("1")
	if len(w.wake) != 1 {
		t.Fatal("the flusher is not woken")
	}
	<-w.wake
	w.time += 4 * time.Millisecond
	if wait := w.flushStale(); wait != 6*time.Millisecond {
		t.Fatalf("after 4 ms it waits %v", wait)
	}
	w.expect(t)
	w.time += 6 * time.Millisecond
	if wait := w.flushStale(); wait != 0 {
		t.Fatalf("after 10 ms it waits %v", wait)
	}
	w.expect(t, "1\nend\n")
}

func TestTheBackgroundFlusherSleepsWhileNothingWaits(t *testing.T) {
	w := newTestWriter()
	w.say("1")
	w.flush()
	<-w.wake
	if wait := w.flushStale(); wait != 0 {
		t.Fatalf("with nothing to write it waits %v", wait)
	}
	w.expect(t, "1\nend\n")
	w.say("2")
	w.say("3")
	if len(w.wake) != 1 {
		t.Fatal("the flusher is not woken again, once")
	}
}

func TestOutputThatFollowsAFlushIsNotTakenForStale(t *testing.T) {
	w := newTestWriter()
	w.say("1")
	w.time += 9 * time.Millisecond
	w.flush()
	w.say("2")
	w.time += 9 * time.Millisecond
	if wait := w.flushStale(); wait != time.Millisecond {
		t.Fatalf("it waits %v", wait)
	}
	w.expect(t, "1\nend\n")
}

func TestALargeOutputBufferIsGivenBack(t *testing.T) {
	w := newTestWriter()
	w.say(strings.Repeat("x", 3<<20))
	if cap(w.buffer) > idleBytesHeld {
		t.Errorf("the buffer keeps %d bytes", cap(w.buffer))
	}
}

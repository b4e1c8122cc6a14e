// Cutting the input into messages: the same messages come out however the bytes arrive.

package polybolt

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// pieces is a source that gives one piece a read, and then an error.
type pieces struct {
	left []string
	then error
}

func (p *pieces) Read(into []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, p.then
	}
	n := copy(into, p.left[0])
	if p.left[0] = p.left[0][n:]; p.left[0] == "" {
		p.left = p.left[1:]
	}
	return n, nil
}

func messagesOf(source io.Reader) (messages []string, err error) {
	r := newReader(source)
	for {
		if text, ok := r.next(); ok {
			messages = append(messages, text)
		} else if err := r.read(); err != nil {
			return messages, err
		}
	}
}

const oddConversation = "\n\r\n{\"a\":1}\nend\n{\r\n \"b\": \"\\nend\\n\"\r\n}\r\nend\r\n\n[1,\n2]\n\nend\nend\n \nend \nendx\n{}\nend\n{\"é\":3}\nend"

var oddMessages = []string{`{"a":1}`, "{\r\n \"b\": \"\\nend\\n\"\r\n}", "[1,\n2]", "", " \nend \nendx\n{}", `{"é":3}`}

func TestMessagesAreTheSameAtEverySplitPoint(t *testing.T) {
	for at := 0; at <= len(oddConversation); at++ {
		got, err := messagesOf(&pieces{[]string{oddConversation[:at], oddConversation[at:]}, io.EOF})
		if err != io.EOF || !reflect.DeepEqual(got, oddMessages) {
			t.Fatalf("split at %d: got %q, %v", at, got, err)
		}
	}
}

func TestMessagesAreTheSameByteByByte(t *testing.T) {
	got, err := messagesOf(&pieces{strings.Split(oddConversation, ""), io.EOF})
	if err != io.EOF || !reflect.DeepEqual(got, oddMessages) {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestAMessageWithoutItsEndIsDroppedAtTheEndOfTheInput(t *testing.T) {
	for _, rest := range []string{"{", `{"a":1}`, "{}\n", "{}\ne", "{}\nen", "\n"} {
		got, err := messagesOf(&pieces{[]string{"{}\nend\n" + rest}, io.EOF})
		if err != io.EOF || !reflect.DeepEqual(got, []string{"{}"}) {
			t.Errorf("%q: got %q, %v", rest, got, err)
		}
	}
}

func TestAFailureToReadIsReturnedAfterTheMessagesBeforeIt(t *testing.T) {
	failure := errors.New("the disk is on fire")
	got, err := messagesOf(&pieces{[]string{"{}\nend\n{}\nend"}, failure})
	if err != failure || !reflect.DeepEqual(got, []string{"{}"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLargeMessagesPassAndTheirBufferIsGivenBack(t *testing.T) {
	large := `"` + strings.Repeat("x", 5<<20) + `"`
	small := strings.Repeat("{}\nend\n", 1<<20)
	r := newReader(strings.NewReader(large + "\nend\n" + small))
	count := 0
	for {
		if text, ok := r.next(); ok {
			if count++; count == 1 && text != large {
				t.Fatal("the large message has changed")
			}
		} else if r.read() != nil {
			break
		}
	}
	if count != 1+1<<20 || len(r.buffer) > idleBytesKept {
		t.Errorf("%d messages, a buffer of %d bytes", count, len(r.buffer))
	}
}

func TestOneReadTakesAtMostAChunk(t *testing.T) {
	largest := 0
	r := newReader(readFunc(func(p []byte) (int, error) {
		if len(p) > largest {
			largest = len(p)
		}
		return 0, io.EOF
	}))
	r.read()
	if largest != 64<<10 {
		t.Errorf("a read asks for %d bytes", largest)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

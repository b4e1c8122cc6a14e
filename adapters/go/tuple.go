// One tuple as it came from the host. It owns a copy of its message's text, so it may be held as long as one likes;
// its values are decoded only when somebody looks at them.

package polybolt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Tuple is an input of a bolt.
type Tuple struct {
	ID        string // the host's name for this tuple
	Component string // the id of the component that emitted it
	Stream    string
	Task      int // the id of the task that emitted it

	idText     string // the id as JSON, to be written back as it came
	valuesText string // the values as a JSON array, checked
	elements   []string
	decoded    Values
	settled    bool // acked or failed; guarded by the writer's lock
}

// ValueError says that a value of a tuple is not what the component took it for. Tuple's Raw, String, Int, Float and
// Bool panic with it; Decode returns an error instead.
type ValueError struct {
	Index int    // of the value in its tuple
	Text  string // what the value is, as JSON; empty when the tuple has no such value
	Want  string // what was asked for
}

func (e *ValueError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("the tuple has no value %d: %s was asked for; check the fields that the stream declares", e.Index, e.Want)
	}
	return fmt.Sprintf("value %d of the tuple is %.80s, not %s", e.Index, e.Text, e.Want)
}

const (
	heartbeatStream = "__heartbeat"
	tickStream      = "__tick"
	systemComponent = "__system"
)

// newTuple makes the tuple of a message whose texts have been checked.
func newTuple(message *message) (*Tuple, error) {
	tuple := &Tuple{idText: message.id, valuesText: oneLine(message.tuple)}
	var ok [4]bool
	tuple.ID, ok[0] = plainText(message.id)
	tuple.Component, ok[1] = plainText(message.component)
	tuple.Stream, ok[2] = plainText(message.stream)
	tuple.Task, ok[3] = taskNumber(message.task)
	if message.id == "" || message.id == "null" {
		ok[0] = false
	}
	for i, key := range [4]string{"id", "comp", "stream", "task"} {
		if !ok[i] {
			return nil, fmt.Errorf("a tuple whose %q is missing or of the wrong type", key)
		}
	}
	if message.tuple[0] != '[' {
		return nil, errors.New("a tuple whose values are no array")
	}
	return tuple, nil
}

// oneLine returns checked JSON text without line breaks, which can only be white space between tokens.
func oneLine(text string) string {
	if strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, '\r') < 0 {
		return text
	}
	flat := []byte(text)
	breaksToSpaces(flat)
	return string(flat)
}

// plainText reads a string; null and an absent key count as an empty one. Without escapes no copy is made.
func plainText(text string) (s string, ok bool) {
	switch {
	case text == "" || text == "null":
		return "", true
	case text[0] != '"':
		return "", false
	}
	if strings.IndexByte(text, '\\') >= 0 {
		return unquote(text), true
	}
	return text[1 : len(text)-1], true
}

func taskNumber(text string) (task int, ok bool) {
	if text == "" || text == "null" {
		return 0, true
	}
	task, err := strconv.Atoi(text)
	return task, err == nil
}

func (t *Tuple) isTick() bool      { return t.Component == systemComponent && t.Stream == tickStream }
func (t *Tuple) isHeartbeat() bool { return t.Task == -1 && t.Stream == heartbeatStream }

// Len returns the number of values.
func (t *Tuple) Len() int {
	if t.elements == nil {
		t.elements = splitArray(make([]string, 0, 4), t.valuesText)
	}
	return len(t.elements)
}

// Values returns all values decoded. Numbers are json.Number, the text as it was written. The slice belongs to the tuple.
func (t *Tuple) Values() Values {
	if t.decoded == nil {
		t.decoded = make(Values, t.Len())
		for i, text := range t.elements {
			t.decoded[i] = decodeValue(text)
		}
	}
	return t.decoded
}

// Raw returns value i as the JSON text it was written as. Emitted again, it arrives unchanged to the byte.
func (t *Tuple) Raw(i int) json.RawMessage {
	return json.RawMessage(t.at(i, "a value"))
}

// RawValues returns all values as one JSON array, as it was written.
func (t *Tuple) RawValues() json.RawMessage {
	return json.RawMessage(t.valuesText)
}

// String returns value i, which must be a string.
func (t *Tuple) String(i int) string {
	text := t.at(i, "a string")
	if text[0] != '"' {
		panic(&ValueError{i, text, "a string"})
	}
	return unquote(text)
}

// Int returns value i, which must be a number that is written as an integer and fits 64 bits.
func (t *Tuple) Int(i int) int64 {
	const want = "an integer of 64 bits"
	text := t.at(i, want)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(&ValueError{i, text, want})
	}
	return n
}

// Float returns value i, which must be a number no larger than a float64 holds. NaN and Infinity count.
func (t *Tuple) Float(i int) float64 {
	const want = "a number within a float64's range"
	text := t.at(i, want)
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(&ValueError{i, text, want})
	}
	return f
}

// Bool returns value i, which must be true or false.
func (t *Tuple) Bool(i int) bool {
	text := t.at(i, "true or false")
	if text != "true" && text != "false" {
		panic(&ValueError{i, text, "true or false"})
	}
	return text == "true"
}

// Decode stores value i in what target points to, as json.Unmarshal does. Unlike the getters it returns its errors.
func (t *Tuple) Decode(i int, target any) error {
	if i < 0 || i >= t.Len() {
		return &ValueError{i, "", "a value"}
	}
	if err := json.Unmarshal([]byte(t.elements[i]), target); err != nil {
		return fmt.Errorf("value %d of the tuple: %w", i, err)
	}
	return nil
}

func (t *Tuple) at(i int, want string) string {
	if i < 0 || i >= t.Len() {
		panic(&ValueError{i, "", want})
	}
	return t.elements[i]
}

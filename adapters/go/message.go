// What a message from the host says: its parts by key, each as JSON text. The keys may come in any order, and keys
// nobody knows are passed over. The whole text is checked here, so that what reads the parts later need not.

package polybolt

import (
	"errors"
	"fmt"
	"strconv"
)

// message holds the texts of the keys that mean something; a key that did not come is "".
type message struct {
	isTaskIDs bool // the message is an array: the task ids that an emit asked for

	id, component, stream, task, tuple string // a tuple
	command                            string // a command to a spout
	conf, context, pidDir              string // the handshake
}

// parse reads one message; what it held before is forgotten.
//
// Hot path: one pass over the text, and no allocation.
func (m *message) parse(text string) error {
	*m = message{}
	i := skipSpace(text, 0)
	if i == len(text) {
		return errors.New("an empty message")
	}
	var end int
	switch text[i] {
	case '{':
		end = m.readObject(text, i)
	case '[':
		m.isTaskIDs = true
		end = skipValue(text, i, 0)
	default:
		if wrong := checkText(text); wrong >= 0 {
			return notJSON(wrong)
		}
		return errors.New("a message that is neither an object nor an array")
	}
	if end < 0 {
		return notJSON(^end)
	}
	if end = skipSpace(text, end); end < len(text) {
		return notJSON(end)
	}
	return nil
}

func notJSON(index int) error {
	return fmt.Errorf("no JSON text: the mistake is at byte %d", index)
}

// readObject does as skipObject, and keeps the values of the keys it knows.
func (m *message) readObject(s string, i int) int {
	i = skipSpace(s, i+1)
	if i < len(s) && s[i] == '}' {
		return i + 1
	}
	for {
		start := skipKey(s, i)
		if start < 0 {
			return start
		}
		end := skipValue(s, start, 1)
		if end < 0 {
			return end
		}
		if part := m.part(keyName(s, i)); part != nil {
			*part = s[start:end]
		}
		i = skipSpace(s, end)
		if i >= len(s) {
			return ^i
		}
		switch s[i] {
		case ',':
			i = skipSpace(s, i+1)
		case '}':
			return i + 1
		default:
			return ^i
		}
	}
}

// keyName returns the name of the checked key at s[i].
func keyName(s string, i int) string {
	for end := i + 1; ; end++ {
		switch s[end] {
		case '"':
			return s[i+1 : end]
		case '\\':
			return unquote(s[i:skipString(s, i)])
		}
	}
}

func (m *message) part(key string) *string {
	switch key {
	case "id":
		return &m.id
	case "comp":
		return &m.component
	case "stream":
		return &m.stream
	case "task":
		return &m.task
	case "tuple":
		return &m.tuple
	case "command":
		return &m.command
	case "conf":
		return &m.conf
	case "context":
		return &m.context
	case "pidDir":
		return &m.pidDir
	}
	return nil
}

// parseTaskIDs reads the checked array of task ids that the host owes for an emit.
func parseTaskIDs(text string) ([]int, error) {
	elements := splitArray(nil, text[skipSpace(text, 0):])
	ids := make([]int, len(elements))
	for i, element := range elements {
		id, err := strconv.Atoi(element)
		if err != nil {
			return nil, errors.New("an array that holds something else than task ids")
		}
		ids[i] = id
	}
	return ids, nil
}

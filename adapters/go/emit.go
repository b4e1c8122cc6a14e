// One emit: its options, and how it is written. The keys always come in the same order, which lets the host recognise
// the shape of the emit before.

package polybolt

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Option says something about one emit beyond its values.
type Option struct {
	kind   optionKind
	stream string
	tuples []*Tuple
	id     any
	task   int
}

type optionKind uint8

const (
	optionStream optionKind = iota + 1
	optionAnchors
	optionID
	optionDirect
	optionTaskIDs
)

// Stream emits to the named stream instead of the default one.
func Stream(name string) Option { return Option{kind: optionStream, stream: name} }

// Anchors ties the emit to input tuples: until it is acked, they are not done. In a basic bolt, which anchors to its
// input by itself, it takes that anchor's place; Anchors() with no tuple leaves the emit unanchored.
func Anchors(tuples ...*Tuple) Option { return Option{kind: optionAnchors, tuples: tuples} }

// MessageID makes a spout's emit reliable: Ack or Fail will be called with this id. It may be any value that JSON can
// hold. Without an id, or with nil, nobody hears of the tuple again.
func MessageID(id any) Option { return Option{kind: optionID, id: id} }

// Direct sends the tuple to that task alone; the stream must be declared direct.
func Direct(task int) Option { return Option{kind: optionDirect, task: task} }

// WantTaskIDs makes the emit return the ids of the tasks that the tuple is sent to.
func WantTaskIDs() Option { return Option{kind: optionTaskIDs} }

// emitter is the part of a collector that emits.
type emitter struct {
	Reporter
	component *component
	input     *Tuple // what emits are anchored to unless Anchors says otherwise; nil for nothing
}

// Emit emits a tuple. The result is nil unless WantTaskIDs asks for it. Values that JSON cannot hold are a panic with an
// *EncodeError, before a byte is written.
func (c *emitter) Emit(values Values, options ...Option) *TaskIDs {
	e := emission{anchor: c.input}
	e.apply(options)
	room := rooms.Get().(*[]byte)
	defer giveBack(room)
	*room = encodeValues((*room)[:0], values)
	return emitText(c.component, &e, *room)
}

// rooms are for encoding values outside the writer's lock: a value's MarshalJSON may itself log or emit.
var rooms = sync.Pool{New: func() any { room := make([]byte, 0, 512); return &room }}

func giveBack(room *[]byte) {
	if cap(*room) <= idleBytesHeld {
		rooms.Put(room)
	}
}

// EmitRaw emits values that are a JSON array already. They arrive as they are, to the byte.
func (c *emitter) EmitRaw(values json.RawMessage, options ...Option) *TaskIDs {
	e := emission{anchor: c.input}
	e.apply(options)
	return emitText(c.component, &e, checkRawValues(values))
}

func (c *emitter) forward(tuple *Tuple, options []Option) *TaskIDs {
	e := emission{anchor: c.input}
	e.apply(options)
	return emitText(c.component, &e, tuple.valuesText)
}

// emission is an emit put together from its options.
type emission struct {
	stream      string
	anchors     []*Tuple
	anchor      *Tuple // a basic bolt's input, when anchors does not replace it
	id          []byte // JSON; empty for none
	task        int
	wantTaskIDs bool
}

func (e *emission) apply(options []Option) {
	for i := range options {
		option := &options[i]
		switch option.kind {
		case optionStream:
			e.stream = option.stream
			if !utf8.ValidString(e.stream) {
				panic(&EncodeError{"stream", fmt.Sprintf("%q is not UTF-8", e.stream)})
			}
		case optionAnchors:
			e.anchors, e.anchor = option.tuples, nil
		case optionID:
			if option.id != nil {
				e.id = encodeID(option.id)
			}
		case optionDirect:
			if option.task < 1 {
				panic(fmt.Errorf("polybolt: Direct(%d): task ids start at 1; take one from WantTaskIDs or Context.TaskComponents", option.task))
			}
			e.task = option.task
		case optionTaskIDs:
			e.wantTaskIDs = true
		}
	}
}

func encodeID(id any) []byte {
	text, err := appendValue(nil, id, 0)
	if err != nil {
		panic(in(err, "id"))
	}
	return text
}

// encodeValues panics with an *EncodeError, before anything has been written.
func encodeValues(dst []byte, values Values) []byte {
	text, err := appendArray(dst, values, 0)
	if err != nil {
		panic(in(err, "values"))
	}
	return text
}

func checkRawValues(raw json.RawMessage) []byte {
	text, err := appendRaw(make([]byte, 0, len(raw)), raw, 0)
	if err == nil && text[0] != '[' {
		err = cannotHold("%.60q is no JSON array", raw)
	}
	if err != nil {
		panic(in(err, "values"))
	}
	return text
}

// emitText writes one emit; values is the checked text of a JSON array.
func emitText[T string | []byte](c *component, e *emission, values T) *TaskIDs {
	var ids *TaskIDs
	c.out.begin()
	switch {
	case !e.wantTaskIDs:
	case e.task != 0: // no host answers a direct emit, and its one receiver is known
		ids = &TaskIDs{ids: []int{e.task}, arrived: true}
		e.wantTaskIDs = false
	default:
		ids = &TaskIDs{component: c}
		c.owed = append(c.owed, ids)
	}
	c.out.buffer = append(e.appendHead(c.out.buffer), values...)
	c.out.buffer = append(c.out.buffer, '}')
	c.out.end()
	return ids
}

// appendHead writes the emit as far as its values.
func (e *emission) appendHead(dst []byte) []byte {
	dst = append(dst, `{"command":"emit",`...)
	switch {
	case len(e.id) > 0:
		dst = append(dst, `"id":`...)
		dst = append(dst, e.id...)
		dst = append(dst, ',')
	case e.anchor != nil:
		dst = append(dst, `"anchors":[`...)
		dst = append(dst, e.anchor.idText...)
		dst = append(dst, `],`...)
	case len(e.anchors) > 0:
		dst = append(dst, `"anchors":`...)
		separator := byte('[')
		for _, tuple := range e.anchors {
			dst = append(dst, separator)
			dst = append(dst, tuple.idText...)
			separator = ','
		}
		dst = append(dst, `],`...)
	}
	if e.stream != "" && e.stream != "default" {
		dst = append(dst, `"stream":`...)
		dst = appendQuoted(dst, e.stream)
		dst = append(dst, ',')
	}
	if e.task != 0 {
		dst = append(dst, `"task":`...)
		dst = strconv.AppendInt(dst, int64(e.task), 10)
		dst = append(dst, ',')
	}
	if !e.wantTaskIDs {
		dst = append(dst, `"need_task_ids":false,`...)
	}
	return append(dst, `"tuple":`...)
}

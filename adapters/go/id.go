// The id that a spout gives a tuple. Any value that JSON can hold may be one; the host gives it back with its type.
// An ID is kept as JSON text in one fixed form, so that it compares with == and may be the key of a map.

package polybolt

import "strconv"

// ID is a spout's name for a tuple it has emitted.
type ID struct{ text string }

// IDOf returns the ID that Ack and Fail will be given for an emit with MessageID(id). Like Emit it panics with an
// *EncodeError when JSON cannot hold the id.
func IDOf(id any) ID {
	if known, ok := id.(ID); ok {
		return known
	}
	return idOfText(string(encodeID(id)))
}

// idOfText brings checked JSON text into the fixed form: another host may write the same string with other escapes.
func idOfText(text string) ID {
	if text == "" {
		return ID{"null"}
	}
	if last := text[len(text)-1]; '0' <= last && last <= '9' {
		return ID{text}
	}
	fixed, err := appendValue(nil, decodeValue(text), 0)
	if err != nil {
		return ID{text}
	}
	return ID{string(fixed)}
}

// MarshalJSON gives the id as it goes over the wire.
func (id ID) MarshalJSON() ([]byte, error) { return []byte(id.JSON()), nil }

// JSON returns the id as JSON text.
func (id ID) JSON() string {
	if id.text == "" {
		return "null"
	}
	return id.text
}

// String returns a string id as it is, any other as JSON text.
func (id ID) String() string {
	if s, ok := plainText(id.text); ok && id.text != "null" {
		return s
	}
	return id.JSON()
}

// Int returns an integer id; ok is false for any other.
func (id ID) Int() (n int64, ok bool) {
	n, err := strconv.ParseInt(id.text, 10, 64)
	return n, err == nil
}

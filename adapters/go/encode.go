// Encoding Go values as JSON on one line. The common types are written here without reflection; all others go through
// encoding/json. A value that JSON cannot hold is an EncodeError before a byte of it reaches the host.

package polybolt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Values are the values of one tuple. To emit: nil, bool, string, any integer or float, json.Number, json.RawMessage
// (written as it is), slices, maps, and whatever encoding/json can marshal. As received: nil, bool, string,
// json.Number, []any, map[string]any.
type Values []any

// EncodeError says which value of an emit JSON cannot hold. Emit panics with it; unless the component recovers, the
// library reports it and fails the current tuple, and the process lives on.
type EncodeError struct {
	Path   string // where the value is, for instance "values[2].price"
	Reason string // what is wrong with it, and what would be right
}

func (e *EncodeError) Error() string {
	return fmt.Sprintf("%s cannot be written as JSON: %s", e.Path, e.Reason)
}

// Encode returns the values as the JSON array that Emit would write, or an *EncodeError. Hand the text to EmitRaw: the
// way to find out about a value beforehand, and to emit the same values many times at the price of one.
func Encode(values Values) (json.RawMessage, error) {
	text, err := appendArray(make([]byte, 0, 128), values, 0)
	if err != nil {
		return nil, in(err, "values")
	}
	return text, nil
}

func cannotHold(format string, args ...any) *EncodeError {
	return &EncodeError{Reason: fmt.Sprintf(format, args...)}
}

// in adds one step in front of the error's path, on its way out of the nested value.
func in(err *EncodeError, step string) *EncodeError {
	return &EncodeError{Path: step + err.Path, Reason: err.Reason}
}

// appendValue appends the JSON of one value. On an error what it has appended is worthless.
func appendValue(dst []byte, value any, depth int) ([]byte, *EncodeError) {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return appendString(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case int32:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case uint64:
		return strconv.AppendUint(dst, v, 10), nil
	case float64:
		return appendFloat(dst, v, 64)
	case float32:
		return appendFloat(dst, float64(v), 32)
	case bool:
		return strconv.AppendBool(dst, v), nil
	case json.Number:
		return appendNumber(dst, string(v))
	case json.RawMessage:
		return appendRaw(dst, v, depth)
	case []any:
		if v != nil {
			return appendArray(dst, v, depth)
		}
	case Values:
		if v != nil {
			return appendArray(dst, v, depth)
		}
	case map[string]any:
		if v != nil {
			return appendMap(dst, v, depth)
		}
	}
	return appendMarshalled(dst, value, depth)
}

func appendArray(dst []byte, values []any, depth int) ([]byte, *EncodeError) {
	if depth++; depth > depthMax {
		return nil, cannotHold("it nests deeper than %d levels", depthMax)
	}
	dst = append(dst, '[')
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err *EncodeError
		if dst, err = appendValue(dst, value, depth); err != nil {
			return nil, in(err, "["+strconv.Itoa(i)+"]")
		}
	}
	return append(dst, ']'), nil
}

// appendMap writes the keys sorted: the same map is always the same text, and so the same key of a fields grouping.
func appendMap(dst []byte, object map[string]any, depth int) ([]byte, *EncodeError) {
	if depth++; depth > depthMax {
		return nil, cannotHold("it nests deeper than %d levels", depthMax)
	}
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err *EncodeError
		if dst, err = appendString(dst, key); err == nil {
			dst, err = appendValue(append(dst, ':'), object[key], depth)
		}
		if err != nil {
			return nil, in(err, "."+key)
		}
	}
	return append(dst, '}'), nil
}

const hexDigits = "0123456789abcdef"

// appendString writes all but the quote, the backslash and controls as it is: U+2028, < and > included.
func appendString(dst []byte, s string) ([]byte, *EncodeError) {
	if !utf8.ValidString(s) {
		return nil, cannotHold("the string %.60q is not UTF-8; convert it, or pass it through strings.ToValidUTF8", s)
	}
	return appendQuoted(dst, s), nil
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plainByte[c] {
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendFloat writes the shortest text that reads back as the same number.
func appendFloat(dst []byte, f float64, bits int) ([]byte, *EncodeError) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, cannotHold("JSON has no %v; emit nil instead, or json.Number(\"NaN\") where the receivers accept it", f)
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits), nil
}

func appendNumber(dst []byte, s string) ([]byte, *EncodeError) {
	if s == "" || strings.IndexByte("-0123456789NI", s[0]) < 0 || skipValue(s, 0, 0) != len(s) {
		return nil, cannotHold("the json.Number %.60q is no number", s)
	}
	return append(dst, s...), nil
}

// appendRaw writes the text byte for byte, except that line breaks between its tokens become spaces: a message is one line.
func appendRaw(dst []byte, raw json.RawMessage, depth int) ([]byte, *EncodeError) {
	if raw == nil {
		return append(dst, "null"...), nil
	}
	text := string(raw)
	start := skipSpace(text, 0)
	end := skipValue(text, start, depth)
	if end < 0 || skipSpace(text, end) != len(text) {
		return nil, cannotHold("the json.RawMessage %.60q is not one JSON text nested at most %d deep", text, depthMax)
	}
	if !utf8.ValidString(text) {
		return nil, cannotHold("the json.RawMessage %.60q is not UTF-8", text)
	}
	mark := len(dst)
	dst = append(dst, text[start:end]...)
	breaksToSpaces(dst[mark:])
	return dst, nil
}

// breaksToSpaces is for JSON text, where a line break can only be white space between tokens.
func breaksToSpaces(text []byte) {
	for i, c := range text {
		if isBreak(c) {
			text[i] = ' '
		}
	}
}

// appendMarshalled is for every type that has no case of its own, nil slices and maps (null) among them.
func appendMarshalled(dst []byte, value any, depth int) ([]byte, *EncodeError) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, cannotHold("%v", err)
	}
	text := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	if skipValue(string(text), 0, depth) != len(text) {
		return nil, cannotHold("it nests deeper than %d levels", depthMax)
	}
	return append(dst, text...), nil
}

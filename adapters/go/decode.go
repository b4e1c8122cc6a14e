// Decoding checked JSON text into Go values. Numbers stay json.Number, the text as it was written, so that no number
// is rounded by passing through; an object becomes a map, which forgets the order of its keys and all but the last of
// a doubled one.

package polybolt

import (
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeValue decodes one value whose text has been checked and has no space around it.
func decodeValue(s string) any {
	switch s[0] {
	case '"':
		return unquote(s)
	case '[':
		return decodeArray(s)
	case '{':
		return decodeObject(s)
	case 't':
		return true
	case 'f':
		return false
	case 'n':
		return nil
	default:
		return json.Number(strings.Clone(s))
	}
}

func decodeArray(s string) []any {
	var few [8]string
	texts := splitArray(few[:0], s)
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = decodeValue(text)
	}
	return values
}

func decodeObject(s string) map[string]any {
	object := map[string]any{}
	i := skipSpace(s, 1)
	for s[i] != '}' {
		keyEnd := skipString(s, i)
		key := unquote(s[i:keyEnd])
		i = skipKey(s, i)
		end := skipValue(s, i, 0)
		object[key] = decodeValue(s[i:end])
		if i = skipSpace(s, end); s[i] == ',' {
			i = skipSpace(s, i+1)
		}
	}
	return object
}

// unquote decodes a JSON string with its quotes. The result is a copy of its own: kept as the key of a map, it does
// not keep the whole message it came in. A lone surrogate escape and a byte that is no UTF-8 become U+FFFD.
func unquote(s string) string {
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) {
		return strings.Clone(s)
	}
	text := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] == '\\' {
			var size int
			text, size = appendUnescaped(text, s, i)
			i += size
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		text = utf8.AppendRune(text, r)
		i += size
	}
	return string(text)
}

// appendUnescaped appends what the checked escape at s[i] stands for, and returns the escape's length.
func appendUnescaped(text []byte, s string, i int) (result []byte, size int) {
	switch c := s[i+1]; c {
	case 'b':
		return append(text, '\b'), 2
	case 'f':
		return append(text, '\f'), 2
	case 'n':
		return append(text, '\n'), 2
	case 'r':
		return append(text, '\r'), 2
	case 't':
		return append(text, '\t'), 2
	case 'u':
		high, _ := hexUnit(s, i+2)
		if !utf16.IsSurrogate(high) {
			return utf8.AppendRune(text, high), 6
		}
		if i+6 < len(s) && s[i+6] == '\\' && s[i+7] == 'u' {
			low, _ := hexUnit(s, i+8)
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return utf8.AppendRune(text, r), 12
			}
		}
		return utf8.AppendRune(text, utf8.RuneError), 6
	default:
		return append(text, c), 2
	}
}

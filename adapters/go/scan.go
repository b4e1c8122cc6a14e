// Scanning JSON text in place: where a value ends, and whether it is one. Nothing is decoded and nothing allocated, so
// that a tuple costs what its length costs until somebody looks into it. The tokens NaN, Infinity and -Infinity are
// accepted, because the host forwards them as other languages write them.

package polybolt

// depthMax bounds how deep values may nest, in both directions; the host accepts no more.
const depthMax = 256

// skipSpace returns the index of the first byte at or after i that is not white space.
func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the index behind the value that starts at s[i]. When there is none, it returns the complement (^)
// of the index of the byte that is wrong, which is negative.
func skipValue(s string, i, depth int) int {
	if i >= len(s) {
		return ^i
	}
	switch c := s[i]; c {
	case '"':
		return skipString(s, i)
	case '[':
		return skipArray(s, i, depth+1)
	case '{':
		return skipObject(s, i, depth+1)
	case 't':
		return skipWord(s, i, "true")
	case 'f':
		return skipWord(s, i, "false")
	case 'n':
		return skipWord(s, i, "null")
	case 'N':
		return skipWord(s, i, "NaN")
	case 'I':
		return skipWord(s, i, "Infinity")
	default:
		return skipNumber(s, i)
	}
}

func skipWord(s string, i int, word string) int {
	if len(s)-i >= len(word) && s[i:i+len(word)] == word {
		return i + len(word)
	}
	return ^i
}

// plainByte marks the bytes that stand for themselves in a JSON string: all but the quote, the backslash and controls.
var plainByte = func() (table [256]bool) {
	for c := 0x20; c < 256; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// skipString expects a quote at s[i]. Looking at eight bytes at a time was measured and did not pay: most strings of a
// message, its keys above all, are shorter than that or hardly longer.
//
// Hot path: one table look-up a byte.
func skipString(s string, i int) int {
	i++
	for i < len(s) {
		switch c := s[i]; {
		case plainByte[c]:
			i++
		case c == '"':
			return i + 1
		case c == '\\':
			size := escapeSize(s, i)
			if size == 0 {
				return ^i
			}
			i += size
		default:
			return ^i
		}
	}
	return ^i
}

// escapeSize returns the length of the escape at s[i], 0 when it is none.
func escapeSize(s string, i int) int {
	if i+1 >= len(s) {
		return 0
	}
	switch s[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hexUnit(s, i+2); ok {
			return 6
		}
	}
	return 0
}

// hexUnit reads the four hexadecimal digits at s[i].
func hexUnit(s string, i int) (unit rune, ok bool) {
	if i+4 > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[i : i+4]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

func skipDigits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

func skipNumber(s string, i int) int {
	if s[i] == '-' {
		i++
		if i < len(s) && s[i] == 'I' {
			return skipWord(s, i, "Infinity")
		}
	}
	whole := skipDigits(s, i)
	if whole == i {
		return ^i
	}
	if s[i] == '0' && whole > i+1 {
		return ^(i + 1)
	}
	i = whole
	if i < len(s) && s[i] == '.' {
		fraction := skipDigits(s, i+1)
		if fraction == i+1 {
			return ^fraction
		}
		i = fraction
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		exponent := skipDigits(s, i)
		if exponent == i {
			return ^i
		}
		i = exponent
	}
	return i
}

func skipArray(s string, i, depth int) int {
	if depth > depthMax {
		return ^i
	}
	i = skipSpace(s, i+1)
	if i < len(s) && s[i] == ']' {
		return i + 1
	}
	for {
		if i = skipValue(s, i, depth); i < 0 {
			return i
		}
		i = skipSpace(s, i)
		if i >= len(s) {
			return ^i
		}
		switch s[i] {
		case ',':
			i = skipSpace(s, i+1)
		case ']':
			return i + 1
		default:
			return ^i
		}
	}
}

func skipObject(s string, i, depth int) int {
	if depth > depthMax {
		return ^i
	}
	i = skipSpace(s, i+1)
	if i < len(s) && s[i] == '}' {
		return i + 1
	}
	for {
		if i = skipKey(s, i); i < 0 {
			return i
		}
		if i = skipValue(s, i, depth); i < 0 {
			return i
		}
		i = skipSpace(s, i)
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

// skipKey returns the index of the value that belongs to the key at s[i].
func skipKey(s string, i int) int {
	if i >= len(s) || s[i] != '"' {
		return ^i
	}
	if i = skipString(s, i); i < 0 {
		return i
	}
	i = skipSpace(s, i)
	if i >= len(s) || s[i] != ':' {
		return ^i
	}
	return skipSpace(s, i+1)
}

// checkText returns -1 when the whole text is one JSON value with nothing but space around it, else the index of the
// byte that is wrong.
func checkText(s string) int {
	end := skipValue(s, skipSpace(s, 0), 0)
	if end < 0 {
		return ^end
	}
	if end = skipSpace(s, end); end < len(s) {
		return end
	}
	return -1
}

// splitArray appends the texts of the elements of the array s, which has been checked.
func splitArray(elements []string, s string) []string {
	i := skipSpace(s, 1)
	for s[i] != ']' {
		end := skipValue(s, i, 0)
		elements = append(elements, s[i:end])
		if i = skipSpace(s, end); s[i] == ',' {
			i = skipSpace(s, i+1)
		}
	}
	return elements
}

// Random JSON for the property tests: texts as odd as the grammar allows, and texts damaged in one place. The seed is
// fixed and printed with a failure, so that a failure comes again.

package polybolt

import (
	"fmt"
	"math/rand"
	"strings"
)

const propertySeed = 20240601

var oddScalars = []string{
	"null", "true", "false", "0", "-0", "1.0", "1e400", "-1E-7", "9007199254740993", "1180591620717411303424", "0.1e+1", `""`,
	`"\u2028"`, "\"\u2028\"", `"\ud800"`, `"\udc00x"`, `"\ud83d\ude00"`, `"\ud83d\u0041"`, `"\\\"\/\b\f\n\r\t"`, `"\nend\n"`,
	`"é ü 漢字 😀"`, `"<>&"`, `"a long string with no escape in it at all"`, `"12345678\"87654321"`, `"1234567\\"`,
}

var spaces = []string{"", "", "", " ", "\n", "\t", "\r\n"}

func pick(r *rand.Rand, from []string) string { return from[r.Intn(len(from))] }

func randomJSON(r *rand.Rand, depth int) string {
	if depth == 0 || r.Intn(3) == 0 {
		return pick(r, oddScalars)
	}
	parts := make([]string, r.Intn(4))
	isObject := r.Intn(2) == 0
	for i := range parts {
		parts[i] = pick(r, spaces) + randomJSON(r, depth-1) + pick(r, spaces)
		if isObject {
			parts[i] = fmt.Sprintf(`%s"%s"%s:%s`, pick(r, spaces), pick(r, []string{"id", "tuple", "a", `\u0069d`, ""}), pick(r, spaces), parts[i])
		}
	}
	inner := strings.Join(parts, ",")
	if len(parts) == 0 {
		inner = pick(r, spaces)
	}
	if isObject {
		return "{" + inner + "}"
	}
	return "[" + inner + "]"
}

// damaged changes, removes or inserts one byte.
func damaged(r *rand.Rand, text string) string {
	const bytes = "\"\\{}[],:0e-.tnu \n\x01x\xff"
	at := r.Intn(len(text))
	other := string(bytes[r.Intn(len(bytes))])
	switch r.Intn(3) {
	case 0:
		return text[:at] + other + text[at+1:]
	case 1:
		return text[:at] + text[at+1:]
	default:
		return text[:at] + other + text[at:]
	}
}

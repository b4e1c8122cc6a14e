// What Emit writes for a value, and what it says of a value that JSON cannot hold.

package polybolt

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

type point struct {
	X int    `json:"x"`
	S string `json:"s"`
}

func TestValuesAreWrittenAsOneLineOfJSON(t *testing.T) {
	cases := []struct {
		value any
		want  string
	}{
		{nil, "null"}, {true, "true"}, {"", `""`}, {-5, "-5"}, {int8(-8), "-8"}, {uint8(8), "8"}, {int32(-32), "-32"}, {int64(math.MinInt64), "-9223372036854775808"},
		{uint64(math.MaxUint64), "18446744073709551615"}, {1.0, "1"}, {0.1, "0.1"}, {1e21, "1e+21"}, {float32(0.1), "0.1"},
		{json.Number("1.0"), "1.0"}, {json.Number("1e400"), "1e400"}, {json.Number("NaN"), "NaN"}, {json.Number("-Infinity"), "-Infinity"},
		{json.RawMessage(`{"b":1,"a":1.0}`), `{"b":1,"a":1.0}`}, {json.RawMessage("[1,\r\n 2]\n"), "[1,   2]"}, {json.RawMessage(nil), "null"},
		{"a\"\\\n\r\t\x00\x1f/<>&\u2028é😀", `"a\"\\\n\r\t\u0000\u001f/<>&` + "\u2028é😀" + `"`},
		{[]any{1, "a", nil}, `[1,"a",null]`}, {[]string{"a", "<"}, `["a","<"]`}, {[]int{1, 2}, "[1,2]"}, {[]any(nil), "null"},
		{map[string]any{"b": 1, "a": []any{}}, `{"a":[],"b":1}`}, {map[string]int{"<": 1}, `{"<":1}`}, {point{1, "<\n"}, `{"x":1,"s":"<\n"}`},
	}
	for _, c := range cases {
		got, err := Encode(Values{c.value})
		if err != nil || string(got) != "["+c.want+"]" {
			t.Errorf("%#v is written as %s (%v), want [%s]", c.value, got, err, c.want)
		}
	}
	if got, _ := Encode(nil); string(got) != "[]" {
		t.Errorf("no values are written as %s", got)
	}
}

func TestAValueThatJSONCannotHoldIsNamedWithItsPlace(t *testing.T) {
	cycle := map[string]any{}
	cycle["self"] = cycle
	cases := []struct {
		value any
		want  string
	}{
		{math.NaN(), "values[1]: JSON has no NaN"},
		{math.Inf(-1), "values[1]: JSON has no -Inf"},
		{[]any{0, map[string]any{"k": math.NaN()}}, "values[1][1].k: JSON has no NaN"},
		{"\xff", "values[1]: the string \"\\xff\" is not UTF-8"},
		{func() {}, "values[1]: json: unsupported type: func()"},
		{make(chan int), "values[1]: json: unsupported type: chan int"},
		{json.Number("1."), `values[1]: the json.Number "1." is no number`},
		{json.Number("true"), `the json.Number "true" is no number`},
		{json.Number(""), `the json.Number "" is no number`},
		{json.RawMessage("{"), `the json.RawMessage "{" is not one JSON text`},
		{json.RawMessage("1 2"), `the json.RawMessage "1 2" is not one JSON text`},
		{json.RawMessage("\"\xff\""), "is not UTF-8"},
		{cycle, "nests deeper than 256 levels"},
	}
	for _, c := range cases {
		_, err := Encode(Values{"fine", c.value})
		var cannotEncode *EncodeError
		if !errors.As(err, &cannotEncode) || !strings.Contains(strings.Replace(err.Error(), " cannot be written as JSON", "", 1), c.want) {
			t.Errorf("%T: got %v, want %s", c.value, err, c.want)
		}
	}
}

func TestWhatIsDecodedAndEncodedReadsBackTheSame(t *testing.T) {
	r := rand.New(rand.NewSource(propertySeed))
	for i := 0; i < 10000; i++ {
		value := decodeValue(strings.TrimSpace(randomJSON(r, 4)))
		text, err := Encode(Values{value})
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(text) || strings.ContainsAny(string(text), "\n\r") {
			t.Fatalf("seed %d, value %d: %s is no JSON on one line", propertySeed, i, text)
		}
		if back := decodeValue(string(text)).([]any)[0]; !reflect.DeepEqual(back, value) {
			t.Fatalf("seed %d, value %d: %#v came back as %#v", propertySeed, i, value, back)
		}
	}
}

func TestEveryFloatReadsBackAsItself(t *testing.T) {
	r := rand.New(rand.NewSource(propertySeed))
	for i := 0; i < 20000; i++ {
		f := math.Float64frombits(r.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			continue
		}
		text, err := Encode(Values{f})
		var back []float64
		if err != nil || json.Unmarshal(text, &back) != nil || back[0] != f {
			t.Fatalf("%v came back as %v (%s, %v)", f, back, text, err)
		}
	}
}

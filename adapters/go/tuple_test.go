// The getters of a tuple, and what they say of a value that is not what it was taken for.

package polybolt

import (
	"errors"
	"testing"
)

func TestGettersReadTheValues(t *testing.T) {
	tuple := tupleOf(t, `["é\n", -5, 1.5, true, {"x":7,"s":"y"}, null]`)
	if tuple.Len() != 6 || tuple.String(0) != "é\n" || tuple.Int(1) != -5 || tuple.Float(2) != 1.5 || !tuple.Bool(3) {
		t.Errorf("got %v", tuple.Values())
	}
	var decoded point
	if err := tuple.Decode(4, &decoded); err != nil || decoded != (point{7, "y"}) {
		t.Errorf("Decode gives %v, %v", decoded, err)
	}
	if string(tuple.RawValues()) != `["é\n", -5, 1.5, true, {"x":7,"s":"y"}, null]` {
		t.Errorf("RawValues gives %s", tuple.RawValues())
	}
	if tupleOf(t, "[ ]").Len() != 0 || len(tupleOf(t, "[]").Values()) != 0 {
		t.Error("an empty tuple has values")
	}
}

func TestGettersPanicWithAnErrorThatSaysWhatIsThere(t *testing.T) {
	tuple := tupleOf(t, `["word", 1.0]`)
	cases := []struct {
		get  func()
		want string
	}{
		{func() { tuple.Int(0) }, `value 0 of the tuple is "word", not an integer of 64 bits`},
		{func() { tuple.Int(1) }, `value 1 of the tuple is 1.0, not an integer of 64 bits`},
		{func() { tuple.String(1) }, `value 1 of the tuple is 1.0, not a string`},
		{func() { tuple.Float(0) }, `value 0 of the tuple is "word", not a number within a float64's range`},
		{func() { tuple.Bool(0) }, `value 0 of the tuple is "word", not true or false`},
		{func() { tuple.Raw(2) }, `the tuple has no value 2: a value was asked for; check the fields that the stream declares`},
		{func() { tuple.String(-1) }, `the tuple has no value -1: a string was asked for; check the fields that the stream declares`},
	}
	for _, c := range cases {
		err := protect(func() error { c.get(); return nil })
		var valueError *ValueError
		if !errors.As(err, &valueError) || valueError.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	var word int
	if tuple.Decode(0, &word) == nil || tuple.Decode(9, &word) == nil {
		t.Error("Decode returns no error")
	}
}

func TestATupleOfManyLinesIsForwardedOnOne(t *testing.T) {
	if got := string(tupleOf(t, "[1,\r\n\"a\\n\"]").RawValues()); got != `[1,  "a\n"]` {
		t.Errorf("got %q", got)
	}
}

func TestAMessageWithATupleOfTheWrongShapeIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"tuple":[1]}`, `{"id":5,"tuple":[1]}`, `{"id":null,"tuple":[1]}`, `{"id":"1","tuple":{}}`, `{"id":"1","tuple":"x"}`,
		`{"id":"1","comp":1,"tuple":[]}`, `{"id":"1","stream":[],"tuple":[]}`, `{"id":"1","task":"1","tuple":[]}`, `{"id":"1","task":1.5,"tuple":[]}`,
	} {
		var m message
		if err := m.parse(text); err != nil {
			t.Fatal(err)
		}
		if _, err := newTuple(&m); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestIDsCompareByWhatTheyAreNotByHowTheyAreWritten(t *testing.T) {
	cases := []struct {
		emitted any
		echoed  string
	}{
		{0, "0"}, {"", `""`}, {"é/", `"\u00e9\/"`}, {int64(-7), "-7"}, {[]any{"a", 1}, `[ "a" , 1 ]`}, {map[string]any{"a": 1, "b": 2}, `{"b":2,"a":1}`}, {true, "true"},
	}
	for _, c := range cases {
		if IDOf(c.emitted) != idOfText(c.echoed) {
			t.Errorf("%v is %s, %s is %s", c.emitted, IDOf(c.emitted).JSON(), c.echoed, idOfText(c.echoed).JSON())
		}
	}
	if IDOf(0) == IDOf("0") {
		t.Error("the ids 0 and \"0\" are one")
	}
	if n, ok := IDOf(42).Int(); !ok || n != 42 || IDOf("a\"b").String() != `a"b` || IDOf(42).String() != "42" || (ID{}).JSON() != "null" {
		t.Error("an id does not read back")
	}
	if again := IDOf(IDOf("x")); again != IDOf("x") {
		t.Error("the ID of an ID is another")
	}
}

// The README's table of what Go's values keep of JSON and what they lose: each row is measured here.

package polybolt

import (
	"fmt"
	"testing"
)

func tupleOf(t *testing.T, values string) *Tuple {
	t.Helper()
	var m message
	if err := m.parse(`{"id":"1","comp":"c","stream":"default","task":1,"tuple":` + values + `}`); err != nil {
		t.Fatal(err)
	}
	tuple, err := newTuple(&m)
	if err != nil {
		t.Fatal(err)
	}
	return tuple
}

func TestTheREADMEsTableOfLossesIsTrue(t *testing.T) {
	getter := map[string]func(*Tuple) any{
		"Float":  func(tuple *Tuple) any { return tuple.Float(0) },
		"Int":    func(tuple *Tuple) any { return tuple.Int(0) },
		"String": func(tuple *Tuple) any { return tuple.String(0) },
	}
	cases := []struct{ text, values, getter, got string }{
		{"1.0", "1.0", "Float", "1"},
		{"1e400", "1e400", "Float", "panic"},
		{"9007199254740993", "9007199254740993", "Int", "9007199254740993"},
		{"9007199254740993", "9007199254740993", "Float", "9007199254740992"},
		{"1180591620717411303424", "1180591620717411303424", "Int", "panic"},
		{"NaN", "NaN", "Float", "NaN"},
		{"-Infinity", "-Infinity", "Float", "-Inf"},
		{"-0", "-0", "Int", "0"},
		{`"\ud800"`, `"` + "\uFFFD" + `"`, "String", "\uFFFD"},
		{`"\u2028"`, "\"\u2028\"", "String", "\u2028"},
		{`"\u00e9\/"`, `"é/"`, "String", "é/"},
		{`{"b":1,"a":2,"a":3}`, `{"a":3,"b":1}`, "String", "panic"},
		{"[ 1 , 2 ]", "[1,2]", "String", "panic"},
	}
	for _, c := range cases {
		tuple := tupleOf(t, "["+c.text+"]")
		if raw := string(tuple.Raw(0)); raw != c.text {
			t.Errorf("%s: Raw gives %s", c.text, raw)
		}
		again, err := Encode(tuple.Values())
		if err != nil || string(again) != "["+c.values+"]" {
			t.Errorf("%s: Values, emitted again, are %s (%v), want [%s]", c.text, again, err, c.values)
		}
		if got := shown(getter[c.getter], tuple); got != c.got {
			t.Errorf("%s: %s gives %s, want %s", c.text, c.getter, got, c.got)
		}
	}
}

// shown calls a getter; a panic must be a ValueError and shows as "panic".
func shown(get func(*Tuple) any, tuple *Tuple) (text string) {
	defer func() {
		if raised := recover(); raised != nil {
			if _, ok := raised.(*ValueError); !ok {
				panic(raised)
			}
			text = "panic"
		}
	}()
	value := get(tuple)
	if f, ok := value.(float64); ok {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprint(value)
}

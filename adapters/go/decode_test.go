// Decoding against encoding/json with UseNumber: the same text is the same value.

package polybolt

import (
	"encoding/json"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func TestDecodingGivesWhatEncodingJSONGives(t *testing.T) {
	r := rand.New(rand.NewSource(propertySeed))
	for i := 0; i < 20000; i++ {
		text := strings.TrimSpace(randomJSON(r, 4))
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := decodeValue(text); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d, text %d: %q is %#v, want %#v", propertySeed, i, text, got, want)
		}
	}
}

func TestDecodedInvalidUTF8BecomesTheReplacementCharacter(t *testing.T) {
	if got := unquote("\"a\xffb\\n\""); got != "a\uFFFDb\n" {
		t.Errorf("got %q", got)
	}
}

func TestMessagePartsAreFoundInAnyOrderAndHoweverTheKeysAreWritten(t *testing.T) {
	var m message
	text := ` { "tuple" : [ 1 , {"id":2} ] , "x":{"tuple":[9]}, "\u0069d" : "7", "a\"id":8, "stream":"s","comp":null,"task":3 } `
	if err := m.parse(text); err != nil {
		t.Fatal(err)
	}
	want := message{id: `"7"`, tuple: `[ 1 , {"id":2} ]`, stream: `"s"`, component: "null", task: "3"}
	if m != want {
		t.Errorf("got %+v", m)
	}
}

func TestMessagesThatAreNoneAreRefusedWithAReason(t *testing.T) {
	cases := map[string]string{
		"":            "an empty message",
		"5":           "neither an object nor an array",
		"{} {}":       "byte 3",
		"hello":       "byte 0",
		`{"a":1`:      "byte 6",
		`{"id":"\q"}`: "byte 7",
	}
	for text, want := range cases {
		var m message
		if err := m.parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want something about %q", text, err, want)
		}
	}
}

func TestRandomDamageNeverCrashesTheParser(t *testing.T) {
	r := rand.New(rand.NewSource(propertySeed))
	for i := 0; i < 40000; i++ {
		text := damaged(r, `{"id":"1","comp":"a\u0062","stream":"s","task":1,"tuple":`+randomJSON(r, 3)+`,"extra\n":1}`)
		var m message
		if m.parse(text) == nil && m.tuple != "" {
			if tuple, err := newTuple(&m); err == nil {
				tuple.Values()
			}
		}
	}
}

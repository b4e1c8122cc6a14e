// The scanner against encoding/json: they agree on what is JSON, except for the tokens that the host forwards.

package polybolt

import (
	"encoding/json"
	"math/rand"
	"strings"
	"testing"
)

func TestScannerAcceptsWhatEncodingJSONAccepts(t *testing.T) {
	r := rand.New(rand.NewSource(propertySeed))
	valid := 0
	for i := 0; i < 40000; i++ {
		text := randomJSON(r, 4)
		for changes := r.Intn(3); changes > 0 && text != ""; changes-- {
			text = damaged(r, text)
		}
		want := json.Valid([]byte(text))
		if got := checkText(text) < 0; got != want {
			t.Fatalf("seed %d, text %d: %q is valid: %v, want %v", propertySeed, i, text, got, want)
		}
		if want {
			valid++
		}
	}
	if valid < 10000 || valid > 35000 {
		t.Fatalf("%d of 40000 texts were valid: the generator is lopsided", valid)
	}
}

func TestScannerAcceptsTheNumbersThatJSONLacks(t *testing.T) {
	for _, text := range []string{"NaN", "Infinity", "-Infinity", "[NaN,-Infinity,1]", `{"a":Infinity}`} {
		if wrong := checkText(text); wrong >= 0 {
			t.Errorf("%s is refused at byte %d", text, wrong)
		}
	}
	for _, text := range []string{"nan", "-NaN", "Inf", "NaNx", "-Infinit", "+1", "N", "I", "-"} {
		if checkText(text) < 0 {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestScannerNamesTheByteThatIsWrong(t *testing.T) {
	cases := map[string]int{``: 0, `[1,]`: 3, `{"a" 1}`: 5, `"abc`: 4, `[1 2]`: 3, `01`: 1, `"a\x"`: 2, `nul`: 0, `1.`: 2, `{"a":1}}`: 7, "\"a\nb\"": 2}
	for text, want := range cases {
		if got := checkText(text); got != want {
			t.Errorf("the mistake in %q is at %d, want %d", text, got, want)
		}
	}
}

func TestScannerRefusesWhatNestsTooDeep(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	if checkText(nested(depthMax)) >= 0 {
		t.Error("256 levels are refused")
	}
	if checkText(nested(depthMax+1)) < 0 || checkText(nested(1000000)) < 0 {
		t.Error("more than 256 levels are accepted")
	}
}

func TestEveryByteValueInAStringIsJudgedAsByEncodingJSONAtEveryOffset(t *testing.T) {
	for c := 0; c < 256; c++ {
		for offset := 0; offset < 20; offset++ {
			text := `"` + strings.Repeat("a", offset) + string([]byte{byte(c)}) + strings.Repeat("b", 19-offset) + `"`
			if got, want := checkText(text) < 0, json.Valid([]byte(text)); got != want {
				t.Fatalf("%q is valid: %v, want %v", text, got, want)
			}
		}
	}
}

func TestSplitArrayGivesTheTextsOfTheElements(t *testing.T) {
	got := splitArray(nil, "[ 1.0 ,\"a,]\" , [2 , 3],\t{\"b\" : 4} ]")
	want := []string{"1.0", `"a,]"`, "[2 , 3]", `{"b" : 4}`}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	if empty := splitArray(nil, "[ ]"); len(empty) != 0 {
		t.Errorf("an empty array has the elements %q", empty)
	}
}

// The examples do what their first lines say.

package test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSplitEmitsTheWordsOfASentence(t *testing.T) {
	h := start(t, "examples/split")
	h.send(tuple(1, `["The 2 quick-brown\tféxes"]`), tuple(2, `[""]`))
	for _, word := range []string{"the", "quick", "brown", "f", "xes"} {
		h.expect(emitted(1, `["`+word+`"]`))
	}
	h.expect(acked(1), acked(2))
	h.ends()
}

func TestCountCountsWords(t *testing.T) {
	h := start(t, "examples/count")
	h.send(tuple(1, `["a"]`), tuple(2, `["b"]`), tuple(3, `["a"]`), tick(4))
	h.expect(emitted(1, `["a",1]`), acked(1), emitted(2, `["b",1]`), acked(2), emitted(3, `["a",2]`), acked(3))
	h.expect(`{"command":"log","msg":"2 different words","level":2}`, acked(4))
	h.ends()
}

func TestLinesEmitsTheLinesOfItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "input.txt")
	if err := os.WriteFile(file, []byte("one\r\n\ntw\xffo"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startWith(t, "examples/lines", `{"lines.file":"`+file+`"}`)
	h.send(next, next, next, next)
	for _, line := range []string{"one", "", "tw\uFFFDo"} {
		h.expect(`{"command":"emit","need_task_ids":false,"tuple":["`+line+`"]}`, synced)
	}
	h.expect(synced)
	h.ends()
}

func TestLinesSaysWhichSettingItLacks(t *testing.T) {
	h := start(t, "examples/lines")
	h.expectLike(`"msg":"no file to read: set lines\.file in the spout's configuration`)
	h.exits(1)
}

func TestReliableEmitsAgainWhatFailed(t *testing.T) {
	h := startWith(t, "examples/reliable", `{"reliable.count":2}`)
	sentence := func(i string) string {
		return `{"command":"emit","id":` + i + `,"need_task_ids":false,"tuple":["sentence number ` + i + `",` + i + `]}`
	}
	h.send(next, next, next, command("ack", "0"), command("fail", "1"), next, next)
	h.expect(sentence("0"), synced, sentence("1"), synced, synced, synced, synced, sentence("1"), synced, synced)
	h.ends()
}

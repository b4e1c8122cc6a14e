// Beginnings and ends: the handshake, the end of the input at every stage, crashes, and hosts that go away.

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func (h *host) stderrSays(want string) {
	h.Helper()
	if !strings.Contains(h.stderr.String(), want) {
		h.Fatalf("stderr is %q, want something about %q", h.stderr.String(), want)
	}
}

func TestTheHandshakeSendsThePidAndLeavesAFileOfThatName(t *testing.T) {
	directory := t.TempDir()
	h := run(t, "reference/bolt")
	h.write("{\"context\":{},\n\"conf\":{},\"pidDir\":\"" + directory + "\"}\r\nend\r\n")
	h.expect(fmt.Sprintf(`{"pid":%d}`, h.pid))
	h.send(heartbeat)
	h.expect(synced)
	file, err := os.Stat(filepath.Join(directory, fmt.Sprint(h.pid)))
	if err != nil || file.Size() != 0 {
		t.Errorf("the pid file: %v, %v", file, err)
	}
	h.ends()
}

func TestAPidFileThatCannotBeWrittenIsReportedAndNotFatal(t *testing.T) {
	h := run(t, "reference/bolt")
	h.send(`{"pidDir":"/nonexistent/pids","conf":{},"context":{}}`, heartbeat)
	h.expect(fmt.Sprintf(`{"pid":%d}`, h.pid), synced)
	h.in.Close()
	h.exits(0)
	h.stderrSays("polybolt: cannot create the pid file: open /nonexistent/pids/")
}

func TestPrepareIsToldTheConfigurationAndTheContext(t *testing.T) {
	h := startWith(t, "hooks", `{"x":1.0,"s":"text","n":42,"b":true,"f":0.5}`)
	h.expect(`{"command":"log","msg":"me 3 map[3:me 4:you] 1 1.0 text 7 42 true 0.5 9\n","level":2}`)
	h.in.Close()
	h.expect(`{"command":"log","msg":"closed","level":2}`)
	h.exits(0)
}

func TestTheEndOfTheInputIsAQuietEndAtEveryStage(t *testing.T) {
	handshake := `{"pidDir":"","conf":{},"context":{}}`
	for _, input := range []string{"", "\n", handshake, handshake + "\nen"} {
		h := run(t, "reference/bolt")
		h.write(input)
		h.ends()
	}
	for _, input := range []string{"", "{", `{"id":"1","tuple":["echo"]}`, heartbeat + "\ne"} {
		h := start(t, "reference/bolt")
		h.write(input)
		h.ends()
	}
}

func TestTheEndOfTheInputFlushesWhatWaits(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["echo"]`))
	h.in.Close()
	h.expect(emitted(1, `["echo"]`), acked(1))
	h.exits(0)
}

func TestTheEndOfTheInputEndsTheWaitForTaskIDs(t *testing.T) {
	h := start(t, "hooks")
	h.expectLike(`"command":"log"`)
	h.send(tuple(1, `[]`), tuple(2, `[]`))
	h.in.Close()
	h.expect(`{"command":"emit","anchors":["1"],"tuple":[]}`, `{"command":"log","msg":"closed","level":2}`)
	h.exits(0)
}

func TestABoltThatCatchesEverythingStillEndsWithTheInput(t *testing.T) {
	h := start(t, "recovering")
	h.send(tuple(1, `["wait"]`))
	h.in.Close()
	h.expect(`{"command":"emit","anchors":["1"],"tuple":[]}`, acked(1))
	h.exits(0)
}

func TestACrashInTheHooksIsReportedAndEndsWithStatusOne(t *testing.T) {
	for name, want := range map[string]string{
		"prepare-fails": `"msg":"panic: not prepared\\n\\ngoroutine 1 .*prepareFails`,
		"open-fails":    `"msg":"not opened\\n\\nreturned by \(test\.openFails\)\.Open"`,
	} {
		h := start(t, name)
		h.expectLike(want)
		h.exits(1)
	}
	h := start(t, "close-fails")
	h.in.Close()
	h.expectLike(`"msg":"not closed\\n\\nreturned by \(test\.closeFails\)\.Close"`)
	h.exits(1)
}

func TestAMessageThatCannotBeReadIsQuotedAndEndsWithStatusOne(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                             `no JSON text: the mistake is at byte 0; it starts with "hello" (5 bytes)`,
		`{"id":"1","tuple":[1}`:             `the mistake is at byte 20; it starts with "{\"id\":\"1\",\"tuple\":[1}"`,
		`{"id":5,"tuple":[1]}`:              `a tuple whose "id" is missing or of the wrong type; it starts with "{\"id\":5`,
		`"` + strings.Repeat("é", 300):      `the mistake is at byte 601; it starts with "\"` + strings.Repeat("é", 99),
		"":                                  `an empty message; it starts with "" (0 bytes)`,
		strings.Repeat("[", 1000000):        `the mistake is at byte 256`,
		"{\"id\":\"1\",\"tuple\":[\"\n\"]}": `the mistake is at byte 20`,
	} {
		h := start(t, "reference/bolt")
		h.send(tuple(1, `["echo"]`))
		h.expect(emitted(1, `["echo"]`), acked(1))
		h.in.Write([]byte(text + "\nend\n"))
		h.exits(1)
		h.stderrSays("polybolt: cannot read a message from the host: ")
		h.stderrSays(want)
		if h.stderr.Len() > 1000 {
			t.Errorf("%d bytes on stderr", h.stderr.Len())
		}
	}
}

func TestAHostThatIsGoneEndsTheComponentInSilence(t *testing.T) {
	h := start(t, "reference/bolt")
	h.outFile.Close()
	h.send(tuple(1, `["echo"]`))
	h.command.Wait()
	if status := h.command.ProcessState.ExitCode(); status != 1 || h.stderr.Len() > 0 {
		t.Errorf("exit status %d, stderr %q", status, h.stderr.String())
	}
}

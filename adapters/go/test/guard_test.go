// The guard: whatever user code prints, the host reads messages only. And output does not wait for code that blocks.

package test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestPrintsOfUserCodeGoToStderr(t *testing.T) {
	h := start(t, "reference/bolt")
	h.send(tuple(1, `["print","end\n{}"]`), tuple(2, `["spawn","from a child"]`), tuple(3, `["echo"]`))
	h.expect(emitted(1, `["print","end\n{}"]`), acked(1), emitted(2, `["spawn","from a child"]`), acked(2), emitted(3, `["echo"]`), acked(3))
	h.in.Close()
	h.exits(0)
	if got := h.stderr.String(); got != "end\n{}\nfrom a child\n" {
		t.Errorf("stderr is %q", got)
	}
}

func TestUserCodeAndItsChildrenCannotReachTheProtocol(t *testing.T) {
	h := start(t, "guarded")
	h.send(tuple(1, `[]`), tuple(2, `[]`))
	for id := 1; id <= 2; id++ {
		h.expect(emitted(id, `[""]`), acked(id))
	}
	h.in.Close()
	h.exits(0)
	h.stderrSays("printed\nprintln\nwritten\nfrom a child\n")
}

// namedPipe makes a pipe on which a component can wait, and the function that ends the wait.
func namedPipe(t *testing.T) (path string, release func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "release")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, func() {
		t.Helper()
		if err := os.WriteFile(path, []byte("go\n"), 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAChildThatOutlivesItsComponentDoesNotHoldThePipes(t *testing.T) {
	pipe, release := namedPipe(t)
	h := start(t, "leaves-child")
	h.send(tuple(1, `["`+pipe+`"]`))
	h.expect(acked(1))
	h.ends() // would hang if the child held the output
	release()
}

func TestOutputLeavesWhileUserCodeBlocks(t *testing.T) {
	pipe, release := namedPipe(t)
	h := start(t, "blocks")
	h.send(tuple(1, `["`+pipe+`"]`))
	h.expect(emitted(1, `["before"]`)) // comes although Process has not returned
	release()
	h.expect(acked(1))
	h.ends()
}

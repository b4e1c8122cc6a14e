package polybolt

import (
	"os"
	"syscall"
	"testing"
)

func TestTheHostsPipesAreMadeToHoldMoreAndAnythingElseStaysAsItIs(t *testing.T) {
	reading, writing, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Close()
	defer writing.Close()
	widen(int(reading.Fd()))
	const getPipeSize = 1032 // F_GETPIPE_SZ
	size, _, _ := syscall.Syscall(syscall.SYS_FCNTL, writing.Fd(), getPipeSize, 0)
	if size != pipeBytes {
		t.Errorf("the pipe holds %d bytes, want %d", size, pipeBytes)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	widen(int(null.Fd()))
}

// The guard: before user code runs, the protocol's two ends move to private descriptors. Descriptor 0 is then
// /dev/null and descriptor 1 a copy of stderr, so that nothing the program, a C library or a child process prints can
// reach the host as a message.

package polybolt

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// guardStdio returns the protocol's ends. They are closed in child processes, which would else keep the pipes open.
func guardStdio() (stdin, stdout *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	input, err := duplicate(0)
	if err != nil {
		return nil, nil, fmt.Errorf("stdin: %w", err)
	}
	output, err := duplicate(1)
	if err != nil {
		return nil, nil, fmt.Errorf("stdout: %w", err)
	}
	widen(input)
	widen(output)
	null, err := syscall.Open(os.DevNull, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", os.DevNull, err)
	}
	if err = replaceDescriptor(null, 0); err != nil {
		return nil, nil, fmt.Errorf("descriptor 0: %w", err)
	}
	if err = replaceDescriptor(2, 1); err != nil { // stderr is closed: what is printed has nowhere to go
		err = replaceDescriptor(null, 1)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("descriptor 1: %w", err)
	}
	if null > 2 {
		syscall.Close(null)
	}
	return os.NewFile(uintptr(input), "multilang input"), os.NewFile(uintptr(output), "multilang output"), nil
}

// duplicate copies a descriptor to a private number above the three standard ones.
func duplicate(descriptor int) (int, error) {
	low := []int{}
	defer func() {
		for _, fd := range low {
			syscall.Close(fd)
		}
	}()
	for {
		fd, err := syscall.Dup(descriptor)
		if err != nil {
			return -1, err
		}
		syscall.CloseOnExec(fd)
		if fd > 2 {
			return fd, nil
		}
		low = append(low, fd)
	}
}

// runOnStdio runs a component between the host's pipes and returns the exit status.
func runOnStdio(newHandler func(*component) handler) (status int) {
	stdin, stdout, err := guardStdio()
	if err != nil {
		fmt.Fprintf(os.Stderr, "polybolt: cannot take over stdin and stdout: %v; start the component with both open\n", err)
		return 1
	}
	started := time.Now()
	out := newWriter(stdout, func() time.Duration { return time.Since(started) }, hostGone)
	go out.watch()
	c := &component{reader: newReader(stdin), out: out, stderr: os.Stderr}
	return c.run(newHandler(c))
}

// hostGone ends the process when the host no longer reads: in silence, since nobody is left to tell.
func hostGone(err error) {
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		fmt.Fprintf(os.Stderr, "polybolt: cannot write to the host: %v\n", err)
	}
	os.Exit(1)
}

func exit(status int) {
	if status != 0 {
		os.Exit(status)
	}
}

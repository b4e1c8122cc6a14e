// Package test drives the library as a host does: real child processes, real pipes. The children are the reference
// components and the examples, and this test binary itself, which POLYBOLT_TEST_COMPONENT turns into one of the
// components of components_test.go.
package test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var programs string // the directory the built programs are in

func TestMain(m *testing.M) {
	if name := os.Getenv("POLYBOLT_TEST_COMPONENT"); name != "" {
		components[name]()
		os.Exit(0)
	}
	os.Exit(build(m))
}

func build(m *testing.M) (status int) {
	directory, err := os.MkdirTemp("", "polybolt-go-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(directory)
	programs = directory
	command := exec.Command("go", "build", "-ldflags=-s -w", "-o", directory+string(filepath.Separator), "../reference/...", "../examples/...")
	if output, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// host is the other end of one component.
type host struct {
	*testing.T
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	outFile *os.File
	stderr  strings.Builder
	pid     int
}

// run starts a program; without a slash in its name it is one of components_test.go.
func run(t *testing.T, name string) *host {
	t.Helper()
	h := &host{T: t}
	if strings.Contains(name, "/") {
		h.command = exec.Command(filepath.Join(programs, filepath.Base(name)))
	} else {
		h.command = exec.Command(os.Args[0])
		h.command.Env = append(os.Environ(), "POLYBOLT_TEST_COMPONENT="+name)
	}
	ourOut, childOut, err := os.Pipe()
	h.must(err)
	h.in, err = h.command.StdinPipe()
	h.must(err)
	h.command.Stdout = childOut
	h.command.Stderr = &h.stderr
	h.must(h.command.Start())
	childOut.Close()
	h.outFile, h.out, h.pid = ourOut, bufio.NewReader(ourOut), h.command.Process.Pid
	t.Cleanup(func() {
		h.in.Close()
		h.command.Process.Kill()
		h.command.Wait()
		ourOut.Close()
	})
	return h
}

// start runs a program and shakes hands.
func start(t *testing.T, name string) *host {
	t.Helper()
	return startWith(t, name, "{}")
}

func startWith(t *testing.T, name, conf string) *host {
	t.Helper()
	h := run(t, name)
	h.send(`{"pidDir":"","conf":` + conf + `,"context":{"taskid":3,"componentid":"me","task->component":{"3":"me","4":"you"},"new":1}}`)
	h.expect(fmt.Sprintf(`{"pid":%d}`, h.pid))
	return h
}

func (h *host) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// write sends bytes as they are.
func (h *host) write(text string) {
	h.Helper()
	_, err := io.WriteString(h.in, text)
	h.must(err)
}

// send sends messages in one write.
func (h *host) send(messages ...string) {
	h.Helper()
	h.write(strings.Join(messages, "\nend\n") + "\nend\n")
}

// tuple is a message with a tuple from task 4 of the component "you".
func tuple(id int, values string) string {
	return fmt.Sprintf(`{"id":"%d","comp":"you","stream":"default","task":4,"tuple":%s}`, id, values)
}

func tick(id int) string {
	return fmt.Sprintf(`{"id":"%d","comp":"__system","stream":"__tick","task":-1,"tuple":[5]}`, id)
}

const heartbeat = `{"id":"-99","comp":null,"stream":"__heartbeat","task":-1,"tuple":[]}`

// next returns the next message; ok is false when the output has ended.
func (h *host) next() (message string, ok bool) {
	h.Helper()
	line, err := h.out.ReadString('\n')
	if err == io.EOF && line == "" {
		return "", false
	}
	h.must(err)
	end, err := h.out.ReadString('\n')
	h.must(err)
	if end != "end\n" {
		h.Fatalf("the line %q is followed by %q", line, end)
	}
	return strings.TrimSuffix(line, "\n"), true
}

func (h *host) expect(messages ...string) {
	h.Helper()
	for _, want := range messages {
		if got, _ := h.next(); got != want {
			h.Fatalf("got  %.300s\nwant %.300s\nstderr %s", got, want, h.stderr.String())
		}
	}
}

// expectLike expects one message that matches the pattern.
func (h *host) expectLike(pattern string) {
	h.Helper()
	if got, _ := h.next(); !regexp.MustCompile(pattern).MatchString(got) {
		h.Fatalf("got  %s\nwant %s", got, pattern)
	}
}

// exits expects that no message follows and the process ends with the status.
func (h *host) exits(status int) {
	h.Helper()
	if message, ok := h.next(); ok {
		h.Fatalf("got %s, want no more", message)
	}
	h.command.Wait()
	if got := h.command.ProcessState.ExitCode(); got != status {
		h.Fatalf("exit status %d, want %d; stderr: %s", got, status, h.stderr.String())
	}
}

// ends closes the input and expects a quiet end.
func (h *host) ends() {
	h.Helper()
	h.in.Close()
	h.exits(0)
	if h.stderr.Len() > 0 {
		h.Fatalf("stderr: %s", h.stderr.String())
	}
}

func emitted(anchor int, values string) string {
	return fmt.Sprintf(`{"command":"emit","anchors":["%d"],"need_task_ids":false,"tuple":%s}`, anchor, values)
}

func acked(id int) string  { return fmt.Sprintf(`{"command":"ack","id":"%d"}`, id) }
func failed(id int) string { return fmt.Sprintf(`{"command":"fail","id":"%d"}`, id) }

const synced = `{"command":"sync"}`

// Which files make up the package on each system. `GOOS=darwin go vet .` compiles them too, but takes its time.

package polybolt

import (
	"go/build"
	"strings"
	"testing"
)

func TestEverySystemHasExactlyOneWayToReplaceADescriptor(t *testing.T) {
	for system, want := range map[string]string{
		"linux/amd64": "guard_linux.go", "linux/arm64": "guard_linux.go", "linux/riscv64": "guard_linux.go",
		"darwin/arm64": "guard_bsd.go", "freebsd/amd64": "guard_bsd.go", "openbsd/amd64": "guard_bsd.go",
	} {
		context := build.Default
		context.GOOS, context.GOARCH, _ = strings.Cut(system, "/")
		found, err := context.ImportDir(".", 0)
		if err != nil {
			t.Fatal(err)
		}
		var guards []string
		for _, file := range found.GoFiles {
			if strings.HasPrefix(file, "guard_") {
				guards = append(guards, file)
			}
		}
		if strings.Join(guards, " ") != want {
			t.Errorf("%s is guarded by %v, want %s", system, guards, want)
		}
	}
}

// Linux on its newer architectures has dup3 and no dup2; its pipes can be made to hold more.

package polybolt

import "syscall"

func replaceDescriptor(from, to int) error { return syscall.Dup3(from, to, 0) }

// pipeBytes is what a pipe to or from the host shall hold. At full speed Linux's own 64 KiB are a few milliseconds of
// work: whenever the host is busy elsewhere for as long, the component runs dry on one side or is stopped on the other.
const pipeBytes = 256 << 10

// setPipeSize is F_SETPIPE_SZ, for which package syscall has no name.
const setPipeSize = 1031

// widen makes a pipe hold pipeBytes. What is no pipe stays as it is, and so does a pipe when this user's pipes hold as
// much as they may together: slower, that is all.
func widen(descriptor int) {
	_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, uintptr(descriptor), setPipeSize, pipeBytes)
}

// What user code raised: an error that it returned, or a panic turned into one with the stack it came from. A panic
// and a returned error mean the same to the library.

package polybolt

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrFail, returned from a bolt's Process, fails the tuple without reporting an error: to ask for a replay is no fault.
var ErrFail = errors.New("polybolt: the tuple is to be failed")

// errEnd travels up through user code when the input ends while that code waits for task ids.
var errEnd = errors.New("polybolt: the host has closed the input")

// errNoPanicValue is what remains of panic(nil), which older Go versions cannot tell from no panic.
var errNoPanicValue = errors.New("panic(nil)")

// errBroken follows a failure to read, which has been written to stderr.
var errBroken = errors.New("polybolt: the input is broken")

// unreadable is a message from the host that makes no sense; after it nothing can be trusted.
type unreadable struct {
	reason error
	text   string
}

func (u *unreadable) Error() string {
	text := u.text
	if len(text) > 200 {
		text = text[:200]
	}
	return fmt.Sprintf("polybolt: cannot read a message from the host: %v; it starts with %q (%d bytes); "+
		"a message is one JSON object or array and a line \"end\"", u.reason, text, len(u.text))
}

// panicked is a panic of user code.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprint("panic: ", p.value) }

func (p *panicked) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// catch is deferred around user code; it turns a panic into *err. Set *err to errNoPanicValue before the call.
func catch(err *error) {
	value := recover()
	if value == nil {
		return
	}
	if raised, ok := value.(error); ok && isFatal(raised) {
		*err = raised
		return
	}
	*err = &panicked{value, debug.Stack()}
}

// isFatal says that the conversation itself is over, through no fault of the component.
func isFatal(err error) bool {
	var message *unreadable
	return errors.Is(err, errEnd) || errors.Is(err, errBroken) || errors.As(err, &message)
}

// trace is the text to report: the message, and as much as is known about where it comes from.
func trace(err error, component any, method string) string {
	var panic *panicked
	if errors.As(err, &panic) {
		return fmt.Sprintf("%v\n\n%s", err, panic.stack)
	}
	return fmt.Sprintf("%+v\n\nreturned by (%T).%s", err, component, method)
}

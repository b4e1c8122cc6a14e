// What every component may say besides emitting: log lines, errors and metrics. Log lines and errors leave at once,
// because they are read by a person who wonders what is going on; metrics wait for the next flush.

package polybolt

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
)

// Level is how much a log line matters.
type Level int

// The levels of Storm's log command.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// Reporter is embedded in every collector and in Context. Its methods may be called from any goroutine.
type Reporter struct{ out *writer }

// Log writes a line to the topology's log.
func (r *Reporter) Log(message string, level Level) {
	r.out.begin()
	b := append(r.out.buffer, `{"command":"log","msg":`...)
	b = appendQuoted(b, strings.ToValidUTF8(message, "\uFFFD"))
	b = append(b, `,"level":`...)
	b = strconv.AppendInt(b, int64(level), 10)
	r.out.buffer = append(b, '}')
	r.out.endFlushed()
}

// Trace logs at LevelTrace.
func (r *Reporter) Trace(message string) { r.Log(message, LevelTrace) }

// Debug logs at LevelDebug.
func (r *Reporter) Debug(message string) { r.Log(message, LevelDebug) }

// Info logs at LevelInfo.
func (r *Reporter) Info(message string) { r.Log(message, LevelInfo) }

// Warn logs at LevelWarn.
func (r *Reporter) Warn(message string) { r.Log(message, LevelWarn) }

// Error logs at LevelError. It reports no error against the component: that is ReportError.
func (r *Reporter) Error(message string) { r.Log(message, LevelError) }

// ReportError reports an error against the component, with the stack of its caller. It fails no tuple.
// Text is reported with errors.New.
func (r *Reporter) ReportError(err error) {
	r.report(fmt.Sprintf("%+v\n%s", err, debug.Stack()))
}

func (r *Reporter) report(text string) {
	r.out.begin()
	b := append(r.out.buffer, `{"command":"error","msg":`...)
	b = appendQuoted(b, strings.ToValidUTF8(text, "\uFFFD"))
	r.out.buffer = append(b, '}')
	r.out.endFlushed()
}

// ReportMetric reports a value of the metric with that name; params is whatever the metric takes. Params that JSON
// cannot hold are a panic with an *EncodeError.
func (r *Reporter) ReportMetric(name string, params any) {
	text, err := appendValue(nil, params, 0)
	if err != nil {
		panic(in(err, "params"))
	}
	r.out.begin()
	b := append(r.out.buffer, `{"command":"metrics","name":`...)
	b = appendQuoted(b, strings.ToValidUTF8(name, "\uFFFD"))
	b = append(b, `,"params":`...)
	b = append(b, text...)
	r.out.buffer = append(b, '}')
	r.out.end()
}

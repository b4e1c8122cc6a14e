// Messages from the host. The bytes are read in chunks and cut at the lines that say `end`; a message may be spread
// over lines, end its lines in CRLF and have blank lines around it. No byte is searched twice.

package polybolt

import (
	"bytes"
	"io"
)

const (
	chunkBytes    = 64 << 10
	idleBytesKept = 1 << 20 // a buffer that one large message has blown up beyond this is given back
)

type reader struct {
	source io.Reader
	buffer []byte
	start  int // of the message being collected
	line   int // start of its last line
	search int // where the search for that line's end goes on
	end    int // of what has been read
	failed error
}

func newReader(source io.Reader) *reader {
	return &reader{source: source, buffer: make([]byte, 2*chunkBytes)}
}

// next returns the next message that has been read whole; the text is a copy.
//
// Hot path: two searches for a line break a message.
func (r *reader) next() (text string, ok bool) {
	for {
		size := bytes.IndexByte(r.buffer[r.search:r.end], '\n')
		if size < 0 {
			r.search = r.end
			return "", false
		}
		lineEnd := r.search + size
		start, line := r.start, r.line
		r.line, r.search = lineEnd+1, lineEnd+1
		if isEndLine(r.buffer[line:lineEnd]) {
			r.start = r.line
			return string(trimBreaks(r.buffer[start:line])), true
		}
	}
}

func isEndLine(line []byte) bool {
	return string(line) == "end" || string(line) == "end\r"
}

func trimBreaks(body []byte) []byte {
	for len(body) > 0 && isBreak(body[0]) {
		body = body[1:]
	}
	for len(body) > 0 && isBreak(body[len(body)-1]) {
		body = body[:len(body)-1]
	}
	return body
}

func isBreak(c byte) bool { return c == '\n' || c == '\r' }

// read waits for the next chunk. At the end of the input it returns io.EOF, from then on each time. It is called only
// when next has nothing left.
func (r *reader) read() error {
	if r.failed == nil {
		r.makeRoom()
		var n int
		n, r.failed = r.source.Read(r.buffer[r.end : r.end+chunkBytes])
		r.end += n
		if n > 0 || r.failed == nil {
			return nil
		}
	}
	if r.failed == io.EOF && r.closeLastLine() {
		return nil
	}
	return r.failed
}

// closeLastLine gives a last line without a line break the break that it lacks, and says whether there was one.
func (r *reader) closeLastLine() bool {
	if r.end == r.line {
		return false
	}
	r.makeRoom()
	r.buffer[r.end] = '\n'
	r.end++
	return true
}

// makeRoom sees to it that a whole chunk fits behind what has been read.
func (r *reader) makeRoom() {
	if r.end+chunkBytes <= len(r.buffer) {
		return
	}
	kept := r.buffer[r.start:r.end]
	target := r.buffer
	switch size := len(kept) + chunkBytes; {
	case size > len(target):
		target = make([]byte, 2*size)
	case len(target) > idleBytesKept && size <= idleBytesKept:
		target = make([]byte, idleBytesKept)
	}
	copy(target, kept)
	r.line -= r.start
	r.search -= r.start
	r.end -= r.start
	r.start = 0
	r.buffer = target
}

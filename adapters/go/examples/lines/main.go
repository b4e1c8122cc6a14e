// Lines is a spout over a file: it emits the lines of the file named by the configuration's `lines.file`, once, without
// hearing what becomes of them.
package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"

	polybolt "polybolt.dev/go"
)

type lines struct {
	file   *os.File
	reader *bufio.Reader
}

func (l *lines) Open(conf polybolt.Conf, _ *polybolt.Context) (err error) {
	name := conf.String("lines.file", "")
	if name == "" {
		return errors.New("no file to read: set lines.file in the spout's configuration")
	}
	if l.file, err = os.Open(name); err == nil {
		l.reader = bufio.NewReader(l.file)
	}
	return err
}

func (l *lines) NextTuple(out *polybolt.SpoutCollector) error {
	line, err := l.reader.ReadString('\n')
	if line != "" {
		line = strings.TrimRight(line, "\r\n")
		out.Emit(polybolt.Values{strings.ToValidUTF8(line, "\uFFFD")})
	}
	if err == io.EOF {
		return nil
	}
	return err
}

func (l *lines) Close() error { return l.file.Close() }

func main() { polybolt.RunSpout(&lines{}) }

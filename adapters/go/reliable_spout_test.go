// The memory of a reliable spout.

package polybolt

import (
	"strings"
	"testing"
)

type giver struct{ ReliableSpout }

func (g *giver) NextTuple(out *SpoutCollector) error {
	if g.Replay(out) {
		return nil
	}
	id := []any{"part", g.Pending()}
	g.Emit(out, id, Values{g.Pending()}, Stream("parts"), Direct(4))
	if g.Pending() == 3 {
		g.Forget([]any{"part", 1})
	}
	return nil
}

func TestReliableSpoutReplaysTheSameTextUnderTheSameIDToTheSameStreamUntilItIsAcked(t *testing.T) {
	ids := []string{`["part",0]`, `["part",1]`, `["part",2]`}
	part := func(i int) string {
		return `{"command":"emit","id":` + ids[i] + `,"stream":"parts","task":4,"need_task_ids":false,"tuple":[` + ids[i][8:9] + "]}\nend\n"
	}
	const sync = "{\"command\":\"sync\"}\nend\n"
	say := func(command, id string) string { return `{"command":"` + command + `","id":` + id + "}\nend\n" }
	next := say("next", `""`)
	writes, status, _ := converse(func(c *component) handler { return newSpoutHandler(c, &giver{}) },
		next, next, next, // 0, 1, 2; 1 is given up
		say("fail", ids[1]), say("fail", ids[0]), say("fail", `[ "part", 2 ]`), say("ack", ids[2]),
		next, say("fail", ids[0]), next, say("ack", ids[0]), say("fail", ids[0]), next)
	want := part(0) + sync + part(1) + sync + part(2) + sync + sync + sync + sync + sync +
		part(0) + sync + sync + part(0) + sync + sync + sync + part(0) + sync
	if got := strings.Join(writes, ""); got != want || status != 0 {
		t.Errorf("status %d, got\n%s\nwant\n%s", status, got, want)
	}
}

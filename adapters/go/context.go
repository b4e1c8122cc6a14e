// What the host tells a component about itself before the first message: the topology's configuration, and the
// component's place in the topology.

package polybolt

import (
	"encoding/json"
	"errors"
)

// Conf is the configuration: the cluster's, overridden by the topology's, overridden by the component's. Numbers are
// json.Number.
type Conf map[string]any

// String returns the string under the key, or the fallback when there is none.
func (c Conf) String(key, fallback string) string {
	if s, ok := c[key].(string); ok {
		return s
	}
	return fallback
}

// Int returns the integer under the key, or the fallback when there is none.
func (c Conf) Int(key string, fallback int64) int64 {
	if number, ok := c[key].(json.Number); ok {
		if n, err := number.Int64(); err == nil {
			return n
		}
	}
	return fallback
}

// Float returns the number under the key, or the fallback when there is none.
func (c Conf) Float(key string, fallback float64) float64 {
	if number, ok := c[key].(json.Number); ok {
		if f, err := number.Float64(); err == nil {
			return f
		}
	}
	return fallback
}

// Bool returns the truth value under the key, or the fallback when there is none.
func (c Conf) Bool(key string, fallback bool) bool {
	if b, ok := c[key].(bool); ok {
		return b
	}
	return fallback
}

// Context is a task's place in the topology. It can log and report, as collectors can; keep it for that if need be.
type Context struct {
	Reporter
	TaskID         int
	ComponentID    string
	TaskComponents map[int]string // every task of the topology, and which component it belongs to
	Raw            map[string]any // all that the host said, in Storm's own words
}

// readHandshake reads the parts of the first message. Parts that are absent or null count as empty.
func readHandshake(m *message, reporter *Reporter) (conf Conf, context *Context, pidDir string, err error) {
	confMap, confOK := objectOf(m.conf)
	raw, contextOK := objectOf(m.context)
	pidDir, pidOK := plainText(m.pidDir)
	if !confOK || !contextOK || !pidOK {
		return nil, nil, "", errors.New(`a handshake whose "conf" or "context" is no object, or whose "pidDir" is no string`)
	}
	context = &Context{Reporter: *reporter, Raw: raw, TaskComponents: map[int]string{}}
	context.TaskID, _ = intOf(raw["taskid"])
	context.ComponentID, _ = raw["componentid"].(string)
	components, _ := raw["task->component"].(map[string]any)
	for task, component := range components {
		id, isID := intOf(json.Number(task))
		if name, isName := component.(string); isID && isName {
			context.TaskComponents[id] = name
		}
	}
	return confMap, context, pidDir, nil
}

func objectOf(text string) (object map[string]any, ok bool) {
	switch {
	case text == "" || text == "null":
		return map[string]any{}, true
	case text[0] != '{':
		return nil, false
	}
	return decodeObject(text), true
}

func intOf(value any) (n int, ok bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	wide, err := number.Int64()
	return int(wide), err == nil
}

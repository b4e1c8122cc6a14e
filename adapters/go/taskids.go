// The task ids of an emit, read from the host only when somebody looks. The host answers in the order of the emits, so
// the first answer belongs to the first list that has none; whatever else arrives meanwhile keeps its order.

package polybolt

// TaskIDs is the lazy answer to an emit with WantTaskIDs. Emits without that option return nil, which is an empty list.
type TaskIDs struct {
	component *component
	ids       []int
	arrived   bool
}

// IDs returns the ids of the tasks that the tuple was sent to. It waits for the host when they have not arrived: call
// it only from the component's own methods, not from another goroutine.
func (t *TaskIDs) IDs() []int {
	if t == nil {
		return nil
	}
	for !t.arrived {
		if err := t.component.awaitTaskIDs(); err != nil {
			panic(err)
		}
	}
	return t.ids
}

// awaitTaskIDs reads until one answer has arrived. Messages that came before it wait in held.
func (c *component) awaitTaskIDs() error {
	for {
		text, err := c.readMessage()
		if err != nil {
			return err
		}
		var m message // c.message is the one being handled
		if err := m.parse(text); err != nil {
			return &unreadable{err, text}
		}
		if m.isTaskIDs {
			return c.deliverTaskIDs(text)
		}
		c.held = append(c.held, text)
	}
}

// deliverTaskIDs gives an answer to the emit that has waited longest. An answer nobody waits for is ignored.
func (c *component) deliverTaskIDs(text string) error {
	ids, err := parseTaskIDs(text)
	if err != nil {
		return &unreadable{err, text}
	}
	c.out.lock.Lock()
	defer c.out.lock.Unlock()
	if len(c.owed) > 0 {
		c.owed[0].ids, c.owed[0].arrived = ids, true
		c.owed = c.owed[1:]
	}
	return nil
}

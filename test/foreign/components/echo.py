# A plain bolt on Storm's storm.py that takes whatever comes, ticks too: it emits the values anchored, waits for the task ids, logs and acks.
import storm


class Echo(storm.Bolt):
    def process(self, tup):
        ids = storm.emit(tup.values, anchors=[tup])
        storm.logInfo('echoed to %d tasks' % len(ids))
        storm.ack(tup)


Echo().run()

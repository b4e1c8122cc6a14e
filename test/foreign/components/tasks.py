# A basic bolt on Storm's storm.py that emits before its first input, reads the task ids of an emit, and emits direct to one of them.
import storm


class Tasks(storm.BasicBolt):
    def initialize(self, conf, context):
        storm.emit(['from initialize'], stream='opened')

    def process(self, tup):
        ids = storm.emit(tup.values)
        storm.emitDirect(max(ids), [tup.values[0], len(ids)], stream='picked')


Tasks().run()

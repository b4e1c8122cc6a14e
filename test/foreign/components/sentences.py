# A reliable spout on Storm's storm.py. It emits one step at a time, the next when the last has its verdict, and tells every verdict on a stream.
import storm


class Sentences(storm.Spout):
    def initialize(self, conf, context):
        self.steps = [
            (0, 'the quick fox', 'default'),
            ('two', 'fail once', 'default'),
            ([3], 'good', 'risky'),
            ({'four': 4}, 'bad', 'risky'),
            (5, 'good again', 'risky'),
        ]
        self.replay = None
        self.waiting = False
        storm.emit(['from initialize'], stream='opened')

    def nextTuple(self):
        if self.waiting or not (self.replay or self.steps):
            return
        self.step = self.replay or self.steps.pop(0)
        self.replay = None
        self.waiting = True
        id, text, stream = self.step
        storm.emit([text], stream=stream, id=id)

    def ack(self, id):
        self.verdict('ack', id)

    def fail(self, id):
        if id == 'two':
            self.replay = self.step
        self.verdict('fail', id)

    def verdict(self, kind, id):
        self.waiting = False
        storm.emit([kind, id], stream='verdicts')


Sentences().run()

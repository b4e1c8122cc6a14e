# pystorm's reliable spout, which replays by itself what failed. It tells every verdict on a stream.
from pystorm import ReliableSpout, Spout


class Sentences(ReliableSpout):
    max_fails = 2

    def initialize(self, storm_conf, context):
        self.sentences = [
            ('the quick fox', 'default'),
            ('the broken fox', 'default'),
            ('fragile', 'risky'),
            ('the end', 'default'),
        ]

    def next_tuple(self):
        if self.sentences:
            sentence, stream = self.sentences.pop(0)
            self.emit([sentence], tup_id=sentence, stream=stream)

    def ack(self, tup_id):
        super().ack(tup_id)
        Spout.emit(self, ['ack', tup_id], stream='verdicts')

    def fail(self, tup_id):
        Spout.emit(self, ['fail', tup_id], stream='verdicts')
        super().fail(tup_id)


Sentences().run()

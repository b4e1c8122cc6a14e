# pystorm's reliable spout, which replays by itself what failed. It tells every verdict on a stream.
from pystorm import ReliableSpout, Spout


class Sentences(ReliableSpout):
    max_fails = 1

    def initialize(self, storm_conf, context):
        self.sentences = ['the quick fox', 'the broken fox', 'the end']

    def next_tuple(self):
        if self.sentences:
            sentence = self.sentences.pop(0)
            self.emit([sentence], tup_id=sentence)

    def ack(self, tup_id):
        super().ack(tup_id)
        Spout.emit(self, ['ack', tup_id], stream='verdicts')

    def fail(self, tup_id):
        Spout.emit(self, ['fail', tup_id], stream='verdicts')
        super().fail(tup_id)


Sentences().run()

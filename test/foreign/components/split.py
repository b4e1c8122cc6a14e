# A plain bolt on Storm's storm.py: anchors, acks and fails by itself.
import storm


class Split(storm.Bolt):
    def initialize(self, conf, context):
        self.failed = False

    def process(self, tup):
        if tup.values[0] == 'fail once' and not self.failed:
            self.failed = True
            storm.fail(tup)
            return
        for word in tup.values[0].split(' '):
            storm.emit([word], anchors=[tup])
        storm.ack(tup)


Split().run()

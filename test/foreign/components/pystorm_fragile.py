# A pystorm bolt with that library's default: an exception is reported, the tuple failed, and the process ended.
from pystorm import Bolt


class Fragile(Bolt):
    def process(self, tup):
        if 'broken' in tup.values.sentence:
            raise ValueError('cannot go on')
        self.emit([tup.values.sentence.upper()])


Fragile().run()

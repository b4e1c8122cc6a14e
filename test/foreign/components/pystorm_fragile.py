# A pystorm bolt with that library's default: an exception is reported, the tuple failed, and the process ended. It raises once; a file remembers.
from pystorm import Bolt


class Fragile(Bolt):
    def process(self, tup):
        try:
            open('raised', 'x').close()
        except FileExistsError:
            self.emit([tup.values.sentence.upper()])
        else:
            raise ValueError('cannot go on')


Fragile().run()

# A basic bolt on Storm's storm.py that raises.
import storm


class Raises(storm.BasicBolt):
    def process(self, tup):
        if tup.values[0] == 'bad':
            raise ValueError('cannot take this')
        storm.emit(tup.values)


Raises().run()

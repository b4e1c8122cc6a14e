# A basic bolt on Storm's storm.py that prints on the standard output, which belongs to the protocol, and logs.
import storm


class Chatty(storm.BasicBolt):
    def process(self, tup):
        print('printed ' + tup.values[0], flush=True)
        storm.logWarn('logged ' + tup.values[0])
        storm.emit(tup.values)


Chatty().run()

# A pystorm bolt that lives on after an exception. It is anchored and acked for, asks for task ids, prints, logs and reports a metric.
from pystorm import Bolt


class Split(Bolt):
    exit_on_exception = False

    def process(self, tup):
        sentence = tup.values.sentence
        print('printed ' + sentence, flush=True)
        self.logger.warning('logged %s', sentence)
        self.report_metric('sentences', 1)
        for word in sentence.split(' '):
            if word == 'broken':
                raise ValueError('cannot split this')
        for word in sentence.split(' '):
            ids = self.emit([word], need_task_ids=True)
            self.emit([word, len(ids)], stream='picked', direct_task=max(ids))


Split().run()

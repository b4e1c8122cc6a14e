# A pystorm bolt that takes whatever comes: it is anchored and acked for, asks for task ids, logs and reports a metric.
from pystorm import Bolt


class Echo(Bolt):
    def process(self, tup):
        ids = self.emit(list(tup.values), need_task_ids=True)
        self.logger.info('echoed to %d tasks', len(ids))
        self.report_metric('echoed', 1)


Echo().run()

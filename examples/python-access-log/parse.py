"""Takes the lines of an access log apart. What it cannot read goes to a stream of its own, instead of failing for ever."""

import re

from polybolt import BasicBolt

LINE = re.compile(r'\S+ \S+ \S+ \[[^]]+] "(?:GET|HEAD|POST) (?P<page>[^ ?]+)[^"]*" \d{3} (?P<bytes>\d+|-) (?P<ms>\d+)$')


class Parse(BasicBolt):
    def process(self, tuple):
        line = tuple.values[0]
        match = LINE.match(line)
        if match is None:
            self.emit([line, 'not in the format of an access log'], stream='rejected')
            return
        size = 0 if match['bytes'] == '-' else int(match['bytes'])
        self.emit([match['page'], size, int(match['ms'])])


if __name__ == '__main__':
    Parse().run()

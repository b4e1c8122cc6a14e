"""Logs, errors and metrics: from methods and from functions, with a host and without one."""

import unittest

from polybolt import log
from support import ack, converse, fail, python, reference, tup

BOLT = reference('bolt.py')


def line(text, level):
    return {'command': 'log', 'msg': text, 'level': level}


class ReportTest(unittest.TestCase):
    def test_every_level_has_its_number(self):
        child = converse(BOLT, *[tup(level, 'log', level, 'text') for level in range(5)])
        expected = []
        for level in range(5):
            expected += [line('text', level), ack(level)]
        self.assertEqual(child.messages, expected)
        self.assertEqual(child.texts[0], '{"command":"log","msg":"text","level":0}')

    def test_every_level_has_a_function_and_a_method(self):
        child = converse(
            python('''
                import polybolt
                class Talking(polybolt.BasicBolt):
                    def process(self, tuple):
                        for name in ('trace', 'debug', 'info', 'warn', 'error'):
                            getattr(polybolt, 'log_' + name)(name)
                            getattr(self, 'log_' + name)(name)
                            self.log(name, name)
                        polybolt.log({'not': 'text'})
                Talking().run()
            '''),
            tup(1),
        )
        expected = []
        for level, name in enumerate(('trace', 'debug', 'info', 'warn', 'error')):
            expected += [line(name, level)] * 3
        self.assertEqual(child.messages, expected + [line("{'not': 'text'}", 2), ack(1)])

    def test_a_log_text_may_hold_anything(self):
        child = converse(BOLT, tup(1, 'log', 3, 'a\nend\n\u2028\U0001f600\ud800"'))
        self.assertEqual(child.texts[0], '{"command":"log","msg":"a\\nend\\n\u2028\U0001f600\\ud800\\"","level":3}')

    def test_an_unknown_level_is_an_error_that_names_the_levels(self):
        for level in (5, -1, 'loud', None, True):
            with self.assertRaises(ValueError) as caught:
                log('x', level)
            self.assertEqual(
                str(caught.exception),
                'there is no log level %r: use one of trace, debug, info, warn, error, or 0 to 4' % (level,),
            )

    def test_a_text_is_reported_as_an_error(self):
        child = converse(BOLT, tup(1, 'error', 'disk\nfull'))
        self.assertEqual(child.messages, [{'command': 'error', 'msg': 'disk\nfull'}, ack(1)])

    def test_an_exception_is_reported_with_its_trace_and_its_cause(self):
        child = converse(
            python('''
                from polybolt import BasicBolt
                class Reporting(BasicBolt):
                    def process(self, tuple):
                        try:
                            try:
                                {}['k']
                            except KeyError as error:
                                raise RuntimeError('outer') from error
                        except RuntimeError as error:
                            self.report_error(error)
                Reporting().run()
            '''),
            tup(1),
        )
        text = child.messages[0]['msg']
        self.assertIn("KeyError: 'k'", text)
        self.assertIn('in process', text)
        self.assertTrue(text.endswith('RuntimeError: outer'))
        self.assertEqual(child.messages[1], ack(1))

    def test_a_metric_is_reported_with_its_parameters(self):
        child = converse(BOLT, tup(1, 'metric', 'm\u00fc', {'a': [1, None]}))
        self.assertEqual(child.texts[0], '{"command":"metrics","name":"m\u00fc","params":{"a":[1,null]}}')
        self.assertEqual(child.messages[1], ack(1))

    def test_a_metric_that_json_cannot_hold_is_reported_and_the_tuple_failed(self):
        child = converse(
            python('''
                from polybolt import Bolt, report_metric
                class Bad(Bolt):
                    def process(self, tuple):
                        report_metric('m', {1, 2})
                Bad().run()
            '''),
            tup(1),
        )
        self.assertEqual([child.messages[0]['command'], child.messages[1]], ['error', fail(1)])

    def test_before_run_logs_and_errors_go_to_stderr_and_an_emit_is_refused(self):
        child = converse(
            python('''
                import polybolt
                polybolt.log_warn('too early')
                polybolt.report_error('broken')
                polybolt.report_metric('m', 1)
                bolt = polybolt.BasicBolt()
                try:
                    bolt.emit(['x'])
                except RuntimeError as error:
                    polybolt.log(error)
                bolt.run()
            '''),
            tup(1),
        )
        self.assertEqual(child.messages, [ack(1)])
        self.assertEqual(
            child.stderr,
            'warn: too early\nbroken\n'
            'info: cannot emit before run() has connected to the host: emit in prepare, open or later\n',
        )


if __name__ == '__main__':
    unittest.main()

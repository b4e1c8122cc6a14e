"""The drop-in storm.py: Storm's names, arguments, returns and module state, and what it does better."""

import unittest

from support import SYNC, Child, ack, command, converse, emit, fail, heartbeat, python, storm_bolt as bolt, tick, tup


class NamesTest(unittest.TestCase):
    NAMES = (
        'ANCHOR_TUPLE BasicBolt Bolt MODE Spout Tuple ack deque emit emitBolt emitDirect emitSpout fail initComponent json '
        'json_decode json_encode log logDebug logError logInfo logTrace logWarn os pending_commands pending_taskids '
        'readCommand readMsg readTaskIds readTuple reportError rpcMetrics sendMsgToParent sendpid sync sys traceback'
    ).split()

    def test_it_has_every_name_of_storms_module_and_a_star_import_brings_no_other(self):
        child = converse(
            python('''
                before = set(globals())
                from storm import *
                names = sorted(set(globals()) - before - {'before'})
                class Names(BasicBolt):
                    def process(self, tup):
                        emit(names)
                Names().run()
            '''),
            tup(1),
        )
        self.assertEqual(child.messages, [emit(1, *self.NAMES), ack(1)])

    def test_importing_it_touches_nothing(self):
        with Child(python('import storm; print(input(), storm.MODE, storm.ANCHOR_TUPLE)')) as child:
            child.send_bytes(b'plain\n')
            child.close_input()
            self.assertEqual(child.read_bytes(), b'plain None None\n')

    def test_its_json_functions_are_those_of_the_standard_library(self):
        child = converse(bolt('storm.emit([storm.json_encode([1, "\u00fc"]), storm.json_decode("[2.0]")])'), tup(1))
        self.assertEqual(child.messages[0], emit(1, '[1, "\\u00fc"]', [2.0]))


class BasicBoltTest(unittest.TestCase):
    def test_emits_are_anchored_to_the_input_which_is_acked(self):
        child = converse(bolt('storm.emit(tup.values)\nstorm.emit(["b"], "s")\nstorm.emit(["c"], anchors=[])'), tup(1, 'a'))
        self.assertEqual(child.messages, [emit(1, 'a'), emit(1, 'b', stream='s'), emit(1, 'c'), ack(1)])
        self.assertEqual((child.code, child.stderr), (0, ''))

    def test_an_exception_is_reported_and_the_input_failed(self):
        child = converse(bolt('raise RuntimeError("w\u00fcrf")'), tup(1), tup(2))
        self.assertEqual([message['command'] for message in child.messages], ['error', 'fail'] * 2)
        self.assertTrue(child.messages[0]['msg'].endswith('RuntimeError: w\u00fcrf\n'))
        self.assertEqual(child.code, 0)

    def test_an_unencodable_value_raises_a_type_error_and_fails_the_input(self):
        child = converse(bolt('storm.emit([{1, 2}])'), tup(1))
        self.assertIn('Object of type set is not JSON serializable', child.messages[0]['msg'])
        self.assertEqual(child.messages[1], fail(1))

    def test_heartbeats_are_answered_and_ticks_are_passed_to_process(self):
        child = converse(bolt('storm.emit([tup.component, tup.stream, tup.task])'), heartbeat(1), tick(2))
        self.assertEqual(child.messages, [SYNC, emit(2, '__system', '__tick', -1), ack(2)])

    def test_a_tuple_is_shown_and_made_as_in_storm(self):
        child = converse(
            bolt('storm.emit([repr(tup), repr(storm.Tuple(1, "c", "s", 2, []).is_heartbeat_tuple())])'), tup(1, 'a', task=3)
        )
        shown = "<Tuple component='source' id='1' stream='default' task=3 values=['a']>"
        self.assertEqual(child.messages[0], emit(1, shown, 'False'))

    def test_initialize_gets_configuration_and_context(self):
        extra = '''
def initialize(self, stormconf, context):
    storm.logInfo('%s %s %s' % (stormconf['k'], context['taskid'], storm.MODE is storm.Bolt))
Component.initialize = initialize
'''
        child = converse(bolt('pass', extra=extra), conf={'k': 'v'}, context={'taskid': 4})
        self.assertEqual(child.messages, [{'command': 'log', 'msg': 'v 4 True', 'level': 2}])


class PlainBoltTest(unittest.TestCase):
    def test_anchors_acks_and_fails_are_the_authors(self):
        body = 'storm.emit(["a"], anchors=[tup])\nstorm.emit(["b"], "s", [tup, tup])\nstorm.emit(["c"])\n'
        body += 'storm.fail(tup) if tup.values else storm.ack(tup)'
        child = converse(bolt(body, 'storm.Bolt'), tup(1), tup(2, 'f'))
        two = {'command': 'emit', 'anchors': ['1', '1'], 'stream': 's', 'need_task_ids': False, 'tuple': ['b']}
        none = {'command': 'emit', 'need_task_ids': False, 'tuple': ['c']}
        self.assertEqual(child.messages[:4], [emit(1, 'a'), two, none, ack(1)])
        self.assertEqual(child.messages[-1], fail(2))

    def test_an_exception_is_reported_and_ends_it_with_status_1(self):
        child = converse(bolt('storm.ack(tup)\nraise RuntimeError("enough")', 'storm.Bolt'), tup(1), tup(2))
        self.assertEqual(child.messages[0], ack(1))
        self.assertTrue(child.messages[1]['msg'].endswith('RuntimeError: enough\n'))
        self.assertEqual((len(child.messages), child.code), (2, 1))

    def test_an_exception_in_initialize_ends_any_component_with_status_1(self):
        for base in ('Bolt', 'BasicBolt', 'Spout'):
            child = converse(
                python('''
                    import storm
                    class Bad(storm.%s):
                        def initialize(self, conf, context):
                            raise RuntimeError('no')
                    Bad().run()
                ''' % base)
            )
            self.assertEqual(([message['command'] for message in child.messages], child.code), (['error'], 1), base)


class SpoutTest(unittest.TestCase):
    SPOUT = python('''
        import storm
        class Numbers(storm.Spout):
            def initialize(self, conf, context):
                self.n = 0
            def activate(self):
                storm.logDebug('activate')
            def deactivate(self):
                storm.logTrace('deactivate')
            def ack(self, id):
                storm.logWarn('ack %r' % id)
            def fail(self, id):
                storm.emit(['again', id], id=id)
            def nextTuple(self):
                self.n += 1
                if self.n == 3:
                    raise RuntimeError('three')
                storm.emit([self.n], id=self.n)
                storm.emit([self.n], 'odd')
                storm.emitDirect(7, [self.n], id=0)
        Numbers().run()
    ''')

    def test_every_command_ends_with_sync(self):
        child = converse(
            self.SPOUT, command('activate'), command('next'), command('ack', 'x'), command('fail', 4), command('deactivate')
        )
        self.assertEqual(
            child.texts,
            [
                '{"command":"log","msg":"activate","level":1}',
                '{"command":"sync"}',
                '{"command":"emit","id":1,"need_task_ids":false,"tuple":[1]}',
                '{"command":"emit","stream":"odd","need_task_ids":false,"tuple":[1]}',
                '{"command":"emit","id":0,"task":7,"need_task_ids":false,"tuple":[1]}',
                '{"command":"sync"}',
                '{"command":"log","msg":"ack \'x\'","level":3}',
                '{"command":"sync"}',
                '{"command":"emit","id":4,"need_task_ids":false,"tuple":["again",4]}',
                '{"command":"sync"}',
                '{"command":"log","msg":"deactivate","level":0}',
                '{"command":"sync"}',
            ],
        )

    def test_an_exception_ends_it_with_status_1(self):
        child = converse(self.SPOUT, command('next'), command('next'), command('next'))
        self.assertEqual((child.messages[-1]['command'], child.code), ('error', 1))
        self.assertTrue(child.messages[-1]['msg'].endswith('RuntimeError: three\n'))

    def test_emit_spout_gets_a_reply_for_read_task_ids(self):
        source = python('''
            import storm
            class Asking(storm.Spout):
                def nextTuple(self):
                    storm.emitSpout(['x'], id=1)
                    storm.emitSpout(['to', storm.readTaskIds()], directTask=9)
            Asking().run()
        ''')
        with Child(source) as child:
            child.start()
            child.send(command('next'))
            self.assertEqual(child.read_text(), '{"command":"emit","id":1,"tuple":["x"]}')
            child.send([6])
            self.assertEqual(child.read_text(), '{"command":"emit","task":9,"need_task_ids":false,"tuple":["to",[6]]}')
            self.assertEqual(child.read(), SYNC)


class MessagesTest(unittest.TestCase):
    def test_logs_errors_and_metrics(self):
        body = 'storm.log("a")\nstorm.log("b", 0)\nstorm.logError("c")\nstorm.reportError("d")\nstorm.rpcMetrics("m", [1])'
        child = converse(bolt(body), tup(1))
        self.assertEqual(
            child.texts[:-1],
            [
                '{"command":"log","msg":"a","level":2}',
                '{"command":"log","msg":"b","level":0}',
                '{"command":"log","msg":"c","level":4}',
                '{"command":"error","msg":"d"}',
                '{"command":"metrics","name":"m","params":[1]}',
            ],
        )

    def test_a_loop_of_the_authors_own_works_without_run(self):
        source = python('''
            import storm
            conf, context = storm.initComponent()
            storm.MODE = storm.Bolt
            while True:
                tup = storm.readTuple()
                if tup.is_heartbeat_tuple():
                    storm.sync()
                    continue
                storm.emit([conf['k'], tup.values], anchors=[tup])
                storm.ack(tup)
        ''')
        child = converse(source, tup(1, 'a'), heartbeat(2), conf={'k': 'v'})
        self.assertEqual(child.messages, [emit(1, 'v', ['a']), ack(1), SYNC])
        self.assertEqual((child.code, child.stderr), (0, ''))

    def test_raw_messages_can_be_read_and_sent(self):
        source = python('''
            import os, storm
            storm.sendMsgToParent({'early': [1]})
            setup = storm.readMsg()
            storm.sendpid(setup['pidDir'])
            storm.sendMsgToParent([storm.readTaskIds(), storm.readCommand(), storm.readMsg()])
        ''')
        child = converse(source, command('next'), [4, 5], {'k': 1})
        self.assertEqual(child.pid_message, {'early': [1]})
        self.assertEqual(child.messages[1], [[4, 5], {'command': 'next', 'id': ''}, {'k': 1}])

    def test_code_after_run_is_reached_at_the_end_of_input(self):
        child = converse(bolt('pass', extra='import atexit; atexit.register(print, "done")'), tup(1))
        self.assertEqual((child.messages, child.code, child.stderr), ([ack(1)], 0, 'done\n'))

    def test_what_user_code_prints_goes_to_stderr(self):
        child = converse(bolt('print("hello")'), tup(1))
        self.assertEqual((child.messages, child.stderr), ([ack(1)], 'hello\n'))

    def test_json_functions_that_the_author_replaced_are_used(self):
        extra = '''
import json
storm.json_encode = lambda value: json.dumps(value, default=str)
storm.json_decode = lambda text: json.loads(text, parse_float=str)
'''
        child = converse(bolt('storm.emit([tup.values[0], b"x"])\nstorm.log({1: b"y"})', extra=extra), tup(1, 1.50))
        self.assertEqual(child.messages[0], emit(1, '1.5', "b'x'"))
        self.assertEqual(child.messages[1], {'command': 'log', 'msg': {'1': "b'y'"}, 'level': 2})

    def test_outside_a_bolt_or_spout_emit_sends_nothing(self):
        child = converse(python('import storm; storm.initComponent(); storm.emitDirect(1, []); assert storm.emit([1]) == []'))
        self.assertEqual((child.messages, child.code, child.stderr), ([], 0, ''))

    def test_a_message_it_cannot_read_ends_it_with_status_1(self):
        child = converse(bolt('pass'), tup(1), raw=b'hello\nend\n')
        self.assertEqual((child.messages, child.code), ([ack(1)], 1))
        self.assertIn('message: hello\n', child.stderr)


if __name__ == '__main__':
    unittest.main()

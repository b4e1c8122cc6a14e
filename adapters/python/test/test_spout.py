"""Spouts in child processes: one sync a command, ids of any JSON, replays of what failed."""

import unittest

from support import SYNC, Child, command, converse, python, reference

SPOUT = reference('spout.py')
NEXT = command('next')


def spout_emit(i, **options):
    message = {'command': 'emit', 'id': i, 'need_task_ids': False, 'tuple': ['spout', i]}
    message.update(options)
    return message


def debug(text):
    return {'command': 'log', 'msg': text, 'level': 1}


class SpoutTest(unittest.TestCase):
    def test_each_command_ends_with_one_sync_after_what_it_emitted(self):
        child = converse(SPOUT, command('activate'), NEXT, command('ack', 0), NEXT, command('deactivate'))
        self.assertEqual(
            child.messages,
            [SYNC, spout_emit(0), SYNC, debug('acked 0'), SYNC, spout_emit(1), SYNC, SYNC],
        )
        self.assertEqual((child.code, child.stderr), (0, ''))

    def test_the_keys_of_an_emit_are_in_the_order_of_the_contract(self):
        child = converse(
            python('''
                from polybolt import Spout
                class Odd(Spout):
                    def next_tuple(self):
                        self.emit(['x'], id='a"b', stream='s', direct_task=4)
                        self.emit([], id=0)
                        self.emit(['y'])
                Odd().run()
            '''),
            NEXT,
        )
        self.assertEqual(
            child.texts,
            [
                '{"command":"emit","id":"a\\"b","stream":"s","task":4,"need_task_ids":false,"tuple":["x"]}',
                '{"command":"emit","id":0,"need_task_ids":false,"tuple":[]}',
                '{"command":"emit","need_task_ids":false,"tuple":["y"]}',
                '{"command":"sync"}',
            ],
        )

    def test_it_stops_emitting_at_its_count(self):
        child = converse(SPOUT, NEXT, NEXT, NEXT, conf={'reference.count': 3, 'reference.batch': 2})
        self.assertEqual(child.messages, [spout_emit(0), spout_emit(1), SYNC, spout_emit(2), SYNC, SYNC])

    def test_an_unreliable_spout_emits_without_ids(self):
        child = converse(SPOUT, NEXT, conf={'reference.unreliable': True})
        self.assertEqual(child.texts[0], '{"command":"emit","need_task_ids":false,"tuple":["spout",0]}')

    def test_an_unknown_command_is_ignored_but_for_its_sync(self):
        self.assertEqual(converse(SPOUT, command('dance'), NEXT).messages, [SYNC, spout_emit(0), SYNC])

    def test_an_exception_in_next_tuple_ends_the_process_with_status_1(self):
        child = converse(SPOUT, command('activate'), NEXT, NEXT, conf={'reference.throw': True})
        self.assertEqual([message['command'] for message in child.messages], ['sync', 'error'])
        self.assertTrue(child.messages[1]['msg'].endswith('RuntimeError: the reference spout was told to throw'))
        self.assertEqual(child.code, 1)

    def test_an_exception_in_any_other_command_ends_the_process_with_status_1(self):
        source = python('''
            from polybolt import Spout
            class Bad(Spout):
                def refuse(self, *arguments):
                    raise RuntimeError('refused %r' % (arguments,))
                ack = fail = activate = deactivate = refuse
            Bad().run()
        ''')
        for name, shown in (('ack', '(7,)'), ('fail', '(7,)'), ('activate', '()'), ('deactivate', '()')):
            child = converse(source, command(name, 7), NEXT)
            self.assertEqual(len(child.messages), 1, name)
            self.assertTrue(child.messages[0]['msg'].endswith('RuntimeError: refused ' + shown), name)
            self.assertEqual(child.code, 1, name)

    def test_an_unencodable_value_is_reported_nothing_emitted_and_the_process_lives_on(self):
        child = converse(
            python('''
                from polybolt import ReliableSpout
                class Bad(ReliableSpout):
                    def next_tuple(self):
                        self.emit([{1, 2}], id=1)
                    def ack(self, id):
                        self.emit(['fine'], id=object())
                Bad().run()
            '''),
            NEXT,
            command('fail', 1),
            command('ack', 1),
            NEXT,
        )
        self.assertEqual(
            [message['command'] for message in child.messages], ['error', 'sync', 'sync', 'error', 'sync', 'error', 'sync']
        )
        self.assertEqual(child.code, 0)

    def test_it_may_emit_while_it_handles_an_ack_or_in_open(self):
        child = converse(
            python('''
                from polybolt import Spout
                class Early(Spout):
                    def open(self, conf, context):
                        self.emit(['open', conf['k'], context['taskid']], id='')
                    def ack(self, id):
                        self.emit(['acked', id])
                Early().run()
            '''),
            command('ack', [1, None]),
            conf={'k': 'v'},
            context={'taskid': 3},
        )
        self.assertEqual(child.texts[0], '{"command":"emit","id":"","need_task_ids":false,"tuple":["open","v",3]}')
        self.assertEqual(child.texts[1], '{"command":"emit","need_task_ids":false,"tuple":["acked",[1,null]]}')


class ReliableSpoutTest(unittest.TestCase):
    def test_what_failed_is_emitted_again_under_its_id_at_the_next_next_before_new_ones(self):
        child = converse(SPOUT, NEXT, NEXT, command('fail', 0), NEXT, NEXT)
        self.assertEqual(
            child.messages,
            [
                spout_emit(0),
                SYNC,
                spout_emit(1),
                SYNC,
                debug('failed 0'),
                SYNC,
                spout_emit(0),
                SYNC,
                spout_emit(2),
                SYNC,
            ],
        )

    def test_several_that_failed_are_emitted_in_the_order_in_which_they_failed(self):
        child = converse(
            SPOUT, NEXT, command('fail', 1), command('fail', 0), command('fail', 1), NEXT, conf={'reference.batch': 2}
        )
        self.assertEqual(child.messages[-3:], [spout_emit(1), spout_emit(0), SYNC])

    def test_what_was_acked_is_forgotten(self):
        child = converse(SPOUT, NEXT, command('ack', 0), command('fail', 0), NEXT)
        self.assertEqual(child.messages[-2:], [spout_emit(1), SYNC])

    def test_an_ack_after_a_fail_withdraws_the_replay(self):
        child = converse(SPOUT, NEXT, command('fail', 0), command('ack', 0), NEXT)
        self.assertEqual(child.messages[-2:], [spout_emit(1), SYNC])

    def test_a_tuple_may_fail_again_and_again(self):
        child = converse(SPOUT, NEXT, command('fail', 0), NEXT, command('fail', 0), NEXT)
        self.assertEqual(child.messages[-2:], [spout_emit(0), SYNC])

    def test_an_author_who_emits_a_failed_tuple_again_withdraws_the_replay(self):
        child = converse(
            python('''
                from polybolt import ReliableSpout
                class Own(ReliableSpout):
                    def next_tuple(self):
                        self.emit(['first', self.pending_count], id=1)
                    def fail(self, id):
                        self.emit(['second', self.pending_count], id=id)
                Own().run()
            '''),
            NEXT,
            command('fail', 1),
            NEXT,
        )
        values = [message['tuple'] for message in child.messages if message['command'] == 'emit']
        self.assertEqual(values, [['first', 0], ['second', 1], ['first', 1]])

    def test_a_replay_is_the_tuple_as_it_was_emitted(self):
        child = converse(
            python('''
                from polybolt import ReliableSpout
                class Changing(ReliableSpout):
                    def next_tuple(self):
                        values = ['before']
                        self.emit(values, id={'key': [1]}, stream='s', need_task_ids=True)
                        values[0] = 'after'
                Changing().run()
            '''),
            NEXT,
            command('fail', {'key': [1]}),
            NEXT,
        )
        again = '{"command":"emit","id":{"key":[1]},"stream":"s","need_task_ids":false,"tuple":["before"]}'
        self.assertEqual(child.texts[0], '{"command":"emit","id":{"key":[1]},"stream":"s","tuple":["before"]}')
        self.assertEqual(child.texts[3], again)

    def test_the_conversation_works_turn_by_turn(self):
        with Child(SPOUT) as child:
            child.start(conf={'reference.count': 1})
            child.send(NEXT)
            self.assertEqual([child.read(), child.read()], [spout_emit(0), SYNC])
            child.send(command('fail', 0))
            self.assertEqual([child.read(), child.read()], [debug('failed 0'), SYNC])
            child.send(NEXT)
            self.assertEqual([child.read(), child.read()], [spout_emit(0), SYNC])
            self.assertEqual(child.finish().messages, [])
            self.assertEqual(child.code, 0)


if __name__ == '__main__':
    unittest.main()

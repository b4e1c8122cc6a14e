"""The wire in child processes: any cut, any spelling of a message, big tuples, odd strings, odd numbers."""

import json
import os
import subprocess
import unittest

from support import PACKAGE, SYNC, Child, ack, converse, emit, fail, frames, handshake, heartbeat, python, reference, tup

BOLT = reference('bolt.py')
SMALL = frames(tup(1, 'echo', 'w\u00fcrf'), heartbeat(2), tup(3, 'fail'))
ANSWERS = [emit(1, 'echo', 'w\u00fcrf'), ack(1), SYNC, fail(3)]


class CutTest(unittest.TestCase):
    def test_a_conversation_byte_by_byte_is_understood(self):
        with Child(BOLT) as child:
            for byte in frames(handshake()) + SMALL:
                child.send_bytes(bytes([byte]))
                child.wait_until_read()
            child.finish()
        self.assertEqual(child.messages[1:], ANSWERS)

    def test_a_conversation_cut_at_every_point_is_understood(self):
        with Child(BOLT) as child:
            child.start()
            for cut in range(1, len(SMALL)):
                child.send_bytes(SMALL[:cut])
                child.wait_until_read()
                child.send_bytes(SMALL[cut:])
                self.assertEqual([child.read() for _ in ANSWERS], ANSWERS, 'cut at %d' % cut)
            self.assertEqual(child.finish().code, 0)


class SpellingTest(unittest.TestCase):
    def test_pretty_printed_crlf_and_blank_lines_are_understood(self):
        pretty = json.dumps(tup(1, 'echo', [{}]), indent=2).encode()
        child = converse(
            BOLT,
            raw=b'\n\n' + pretty + b'\n\nend\n' + pretty.replace(b'\n', b'\r\n') + b'\r\n\r\nend\r\n' + frames(tup(2, 'fail')),
        )
        self.assertEqual(child.messages, [emit(1, 'echo', [{}]), ack(1)] * 2 + [fail(2)])

    def test_keys_in_any_order_are_understood(self):
        raw = b'{"tuple":["echo"],"task":1,"stream":"default","comp":"c","id":"5"}\nend\n'
        self.assertEqual(converse(BOLT, raw=raw).messages, [emit(5, 'echo'), ack(5)])

    def test_a_message_it_cannot_read_ends_it_with_status_1_after_what_came_before(self):
        child = converse(BOLT, tup(1, 'echo'), raw=b'{"id":"2",' + b'x' * 300 + b'\nend\n' + frames(tup(3, 'echo')))
        self.assertEqual(child.messages, [emit(1, 'echo'), ack(1)])
        self.assertEqual(child.code, 1)
        self.assertEqual(
            child.stderr,
            'polybolt: cannot read a message from the host: it is not JSON (Expecting property name enclosed in double '
            'quotes: line 1 column 11 (char 10))\n  message (the first 200 of 310 bytes): {"id":"2",' + 'x' * 190 + '\n',
        )

    def test_a_scalar_is_a_message_it_cannot_read(self):
        child = converse(BOLT, raw=b'null\nend\n')
        self.assertEqual((child.messages, child.code), ([], 1))
        self.assertIn('neither an object nor a list of task ids\n  message: null\n', child.stderr)


class ValueTest(unittest.TestCase):
    def echo(self, *texts):
        """What a bolt emits for each of these values, all as JSON text."""
        tuple_text = '{"id":"1","comp":"c","stream":"default","task":1,"tuple":["echo",%s]}\nend\n'
        child = converse(BOLT, raw=''.join([tuple_text % text for text in texts]).encode('utf-8'))
        prefix = '{"command":"emit","anchors":["1"],"need_task_ids":false,"tuple":["echo",'
        emits = child.texts[::2]
        self.assertEqual([text[: len(prefix)] for text in emits], [prefix] * len(texts))
        return [text[len(prefix) : -len(']}')] for text in emits]

    def test_a_tuple_of_a_megabyte_is_echoed(self):
        text = json.dumps('\u00fc"\\' * 250000, ensure_ascii=False)
        self.assertEqual(self.echo(text), [text])

    def test_a_string_that_holds_an_escaped_terminator_is_echoed(self):
        text = '"a\\nend\\nb","\\nend\\n"'
        self.assertEqual(self.echo(text), [text])

    def test_unicode_is_echoed(self):
        text = '"w\u00fcrf \u4f60\u597d \U0001f600 \u2028\u2029 \\u0000"'
        self.assertEqual(self.echo(text), [text])

    def test_what_the_parser_keeps_and_what_it_loses_is_as_the_readme_says(self):
        table = (
            ('1.0', '1.0'),
            ('1', '1'),
            ('1e0', '1.0'),
            ('1.50', '1.5'),
            ('-0', '0'),
            ('-0.0', '-0.0'),
            ('9007199254740993', '9007199254740993'),
            ('1180591620717411303424', '1180591620717411303424'),
            ('1e400', 'Infinity'),
            ('-1e400', '-Infinity'),
            ('NaN', 'NaN'),
            ('Infinity', 'Infinity'),
            ('0.1234567890123456789', '0.12345678901234568'),
            ('1E5', '100000.0'),
            ('1e22', '1e+22'),
            ('"\\ud800"', '"\\ud800"'),
            ('"\\ud83d\\ude00"', '"\U0001f600"'),
            ('"\\u00fc"', '"\u00fc"'),
            ('"\\u2028"', '"\u2028"'),
            ('"\u2028"', '"\u2028"'),
            ('"\\/"', '"/"'),
            ('"\\u0041\\u007f"', '"A\x7f"'),
            ('{"a":1,"a":2}', '{"a":2}'),
            ('{"b":1,"a":2}', '{"b":1,"a":2}'),
            ('{"b" : 1 , "a":[ ]}', '{"b":1,"a":[]}'),
        )
        come_back = self.echo(*[written for written, _ in table])
        for (written, expected), comes_back in zip(table, come_back):
            self.assertEqual(comes_back, expected, written)

    def test_an_integer_of_five_thousand_digits_is_read_and_costs_its_tuple_at_most(self):
        raw = b'{"id":"1","comp":"c","stream":"default","task":1,"tuple":["fail"],"x":' + b'7' * 5000 + b'}\nend\n'
        child = converse(BOLT, raw=raw)
        self.assertEqual((child.messages, child.code), ([fail(1)], 0))


class NonBlockingPipeTest(unittest.TestCase):
    def test_pipes_that_somebody_made_non_blocking_work(self):
        input_read, input_write = os.pipe()
        output_read, output_write = os.pipe()
        for fd in (input_read, output_write):
            os.set_blocking(fd, False)
        with Child(BOLT, stdin=input_read, stdout=output_write) as child, os.fdopen(input_write, 'wb', 0) as source:
            os.close(input_read)
            os.close(output_write)
            child.input, child.output_fd = source, output_read
            self.assertEqual(child.start(), {'pid': child.process.pid})
            big = 'x' * 300000
            child.send(tup(1, 'emit_stream', 's', big))
            self.assertEqual(child.read(), emit(1, big, stream='s'))
            self.assertEqual(child.read(), ack(1))
            source.close()
            self.assertEqual(child.process.wait(60), 0)
        os.close(output_read)


class FromFileTest(unittest.TestCase):
    def test_a_conversation_from_a_file_is_understood(self):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'conversation.txt')
        with open(path, 'rb') as file:
            child = Child(BOLT, stdin=file)
        with child:
            child.end()
        self.assertEqual(child.messages[1:], [emit(1, 'echo', 'from a file'), ack(1)])
        self.assertEqual(child.code, 0)

    def test_the_package_imports_straight_from_the_tree(self):
        done = subprocess.run(
            python('import polybolt, storm; print(polybolt.BasicBolt.__name__, storm.Spout.__name__)'),
            stdout=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=PACKAGE),
        )
        self.assertEqual(done.stdout, b'BasicBolt Spout\n')


if __name__ == '__main__':
    unittest.main()

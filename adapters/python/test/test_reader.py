"""Bytes to messages: whatever the chunks, the messages are the same."""

import json
import select
import unittest
from unittest import mock

from polybolt.errors import UnreadableMessage
from polybolt.reader import Reader

CONVERSATION = (
    b'{"pidDir":"","conf":{},"context":{}}\nend\n'
    b'{"id":"1","comp":"a","stream":"default","task":2,"tuple":["w\xc3\xbcrf \xf0\x9f\x98\x80 \\u00fc","a\\nend\\nb"]}\nend\n'
    b'[3,4]\r\nend\r\n'
    b'\n{\n  "id": "2",\r\n  "tuple": [\n1.0,\n"end"\n]\n}\n\nend\n'
    b'[]\nend\n'
)
MESSAGES = [
    {'pidDir': '', 'conf': {}, 'context': {}},
    {'id': '1', 'comp': 'a', 'stream': 'default', 'task': 2, 'tuple': ['w\u00fcrf \U0001f600 \u00fc', 'a\nend\nb']},
    [3, 4],
    {'id': '2', 'tuple': [1.0, 'end']},
    [],
]


def read(*chunks):
    reader = Reader()
    for chunk in chunks:
        reader.feed(chunk)
    return list(reader.inbox)


class ReaderTest(unittest.TestCase):
    def test_a_whole_conversation_in_one_chunk_is_read(self):
        self.assertEqual(read(CONVERSATION), MESSAGES)

    def test_a_conversation_byte_by_byte_is_read(self):
        self.assertEqual(read(*[bytes([byte]) for byte in CONVERSATION]), MESSAGES)

    def test_a_conversation_cut_at_every_point_is_read(self):
        for cut in range(len(CONVERSATION) + 1):
            self.assertEqual(read(CONVERSATION[:cut], CONVERSATION[cut:]), MESSAGES, 'cut at %d' % cut)

    def test_a_conversation_cut_at_any_two_points_around_a_terminator_is_read(self):
        end = CONVERSATION.index(b'\r\nend\r\n')
        for first in range(end - 3, end + 10):
            for second in range(first, end + 12):
                chunks = CONVERSATION[:first], CONVERSATION[first:second], CONVERSATION[second:]
                self.assertEqual(read(*chunks), MESSAGES, 'cut at %d and %d' % (first, second))

    def test_every_whole_message_of_a_chunk_is_there_before_the_next_read(self):
        data = b'[1]\nend\n[2]\nend\n[3'
        reader = Reader(7, read=lambda fd, count: data)
        self.assertTrue(reader.fill())
        self.assertEqual(list(reader.inbox), [[1], [2]])

    def test_it_reads_chunks_of_64_kib(self):
        asked = []
        reader = Reader(7, read=lambda fd, count: asked.append((fd, count)) or b'')
        self.assertFalse(reader.fill())
        self.assertEqual(asked, [(7, 65536)])

    def test_a_message_of_a_megabyte_in_small_chunks_is_read(self):
        text = json.dumps({'tuple': ['x' * 1000000]}).encode() + b'\nend\n'
        chunks = [text[start : start + 4096] for start in range(0, len(text), 4096)]
        self.assertEqual(read(*chunks), [{'tuple': ['x' * 1000000]}])

    def test_a_last_message_without_its_last_line_break_is_read_at_the_end(self):
        chunks = [b'[1]\nend', b'', b'']
        reader = Reader(0, read=lambda fd, count: chunks.pop(0))
        self.assertEqual([reader.fill(), reader.fill(), reader.fill()], [True, True, False])
        self.assertEqual(list(reader.inbox), [[1]])

    def test_half_a_message_at_the_end_is_no_message(self):
        chunks = [b'[1]\nen', b'']
        reader = Reader(0, read=lambda fd, count: chunks.pop(0))
        self.assertEqual([reader.fill(), reader.fill()], [True, False])
        self.assertEqual(list(reader.inbox), [])

    def test_it_waits_when_somebody_made_the_pipe_non_blocking(self):
        answers = [BlockingIOError(), b'[1]\nend\n']
        reader = Reader(9, read=mock.Mock(side_effect=answers))
        with mock.patch('polybolt.reader.wait_for') as wait_for:
            self.assertTrue(reader.fill())
        wait_for.assert_called_once_with(9, select.POLLIN)
        self.assertEqual(list(reader.inbox), [[1]])

    def test_an_integer_of_five_thousand_digits_is_read(self):
        (message,) = read(b'[' + b'7' * 5000 + b']\nend\n')
        self.assertEqual(message, [(10**5000 - 1) // 9 * 7])


class UnreadableTest(unittest.TestCase):
    def check(self, data, reason, good=()):
        messages = read(data)
        self.assertIsInstance(messages[-1], UnreadableMessage)
        self.assertIn(reason, messages[-1].text)
        self.assertEqual(messages[:-1], list(good))
        self.assertEqual(messages[-1].code, 1)

    def test_plain_text_is_refused_and_what_came_before_it_is_not_lost(self):
        self.check(b'[1]\nend\nhello\nend\n[2]\nend\n', 'it is not JSON', good=[[1]])

    def test_an_empty_message_is_refused(self):
        self.check(b'end\n', 'it is empty')
        self.check(b'[1]\nend\nend\n', 'it is empty', good=[[1]])
        self.check(b'\n\nend\n', 'it is empty')

    def test_two_texts_in_one_message_are_refused(self):
        self.check(b'[1],[2]\nend\n', 'it is not JSON')
        self.check(b'[1\nend\n2]\nend\n', 'it is not JSON')

    def test_a_scalar_is_refused(self):
        self.check(b'5\nend\n', 'it is neither an object nor a list of task ids')

    def test_bytes_that_are_not_utf_8_are_refused(self):
        self.check(b'["\xff"]\nend\n', 'it is not UTF-8 (invalid start byte at byte 2)')

    def test_a_message_nested_too_deep_is_refused(self):
        self.check(b'[' * 100000 + b']' * 100000 + b'\nend\n', 'it is nested too deep')

    def test_the_first_200_bytes_are_quoted(self):
        (error,) = read(b'x' * 201 + b'\nend\n')
        self.assertIn('(the first 200 of 201 bytes): ' + 'x' * 200 + '\n', error.text)

    def test_nothing_after_it_is_read(self):
        reader = Reader()
        reader.feed(b'x\nend\n')
        reader.feed(b'[1]\nend\n')
        self.assertEqual(len(reader.inbox), 1)


if __name__ == '__main__':
    unittest.main()

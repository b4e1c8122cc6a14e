"""The lazy list: it loads when somebody looks, once, and is a list in every way that matters."""

import copy
import pickle
import unittest

from polybolt.task_ids import TaskIds, known_task_ids


class TaskIdsTest(unittest.TestCase):
    def setUp(self):
        self.loads = 0
        self.ids = TaskIds(self.load)

    def load(self, task_ids):
        self.loads += 1
        task_ids.resolve([4, 3])

    def test_it_loads_only_when_somebody_looks_and_only_once(self):
        self.assertFalse(self.ids.is_known)
        self.assertEqual(self.loads, 0)
        self.assertEqual(len(self.ids), 2)
        self.assertEqual(self.ids[0], 4)
        self.assertEqual(self.loads, 1)

    def test_every_way_to_look_loads(self):
        looks = {
            'list': lambda ids: list(ids) == [4, 3],
            'index': lambda ids: ids[-1] == 3,
            'slice': lambda ids: ids[:1] == [4] and type(ids[:1]) is list,
            'for': lambda ids: [i for i in ids] == [4, 3],
            'in': lambda ids: 3 in ids and 5 not in ids,
            'truth': bool,
            'equal': lambda ids: ids == [4, 3] and [4, 3] == ids and ids != [4],
            'add': lambda ids: ids + [1] == [4, 3, 1] and [1] + ids == [1, 4, 3],
            'times': lambda ids: ids * 2 == [4, 3, 4, 3],
            'sorted': lambda ids: sorted(ids) == [3, 4],
            'repr': lambda ids: repr(ids) == '[4, 3]',
            'str': lambda ids: '%s' % ids == '[4, 3]',
            'copy': lambda ids: copy.copy(ids) == [4, 3] and ids.copy() == [4, 3],
            'deep copy': lambda ids: copy.deepcopy(ids) == [4, 3],
            'pickle': lambda ids: pickle.loads(pickle.dumps(ids)) == [4, 3],
            'index of': lambda ids: ids.index(3) == 1 and ids.count(4) == 1,
        }
        for name, look in looks.items():
            self.assertTrue(look(TaskIds(self.load)), name)

    def test_it_can_be_changed_like_the_list_that_storm_returns(self):
        self.ids.append(9)
        self.ids.sort()
        self.assertEqual(self.ids, [3, 4, 9])
        self.assertEqual(self.loads, 1)

    def test_known_ids_never_load(self):
        self.assertTrue(known_task_ids([]).is_known)
        self.assertEqual(known_task_ids([7]), [7])


if __name__ == '__main__':
    unittest.main()

"""The task ids that a tuple was sent to: a list that reads from the host only when somebody looks into it.

Invariant: replies are handed to those who asked in the order in which they asked, looked into or not.
"""

from collections import UserList


class TaskIds(UserList):
    """A lazy list of task ids. Everything but its length, items and the like is free."""

    def __init__(self, load):
        # Not the parent's: it would set data, which is computed here.
        self._load = load
        self._ids = None

    @property
    def data(self):
        if self._ids is None:
            self._load(self)
        return self._ids

    @data.setter
    def data(self, ids):
        self._ids = ids

    @property
    def is_known(self):
        """Whether the ids are there already, so that looking into the list does not wait."""
        return self._ids is not None

    def resolve(self, ids):
        self._ids = ids

    def __getitem__(self, index):
        # The parent would build a lazy list out of a slice.
        return self.data[index]

    def copy(self):
        return list(self.data)

    def __add__(self, other):
        return self.data + list(other)

    def __radd__(self, other):
        return list(other) + self.data

    def __mul__(self, times):
        return self.data * times

    __rmul__ = __mul__

    def __reduce__(self):
        return (list, (list(self.data),))

    def __copy__(self):
        return self.copy()


def known_task_ids(ids):
    """A list of task ids that is there from the start."""
    task_ids = TaskIds(None)
    task_ids.resolve(ids)
    return task_ids

"""A cache of what was used last, bounded by weight. Safe for threads."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class WeightedLru(Generic[Key, Value]):
    """Keeps at most `capacity` of weight; what weighs more than an eighth of it isn't kept."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.weight = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Value | None:
        """The value, which is then the last one to go."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Keeps a value, and drops the ones that weren't used for longest."""
        if weight > self.capacity // 8:
            return
        with self._lock:
            replaced = self._kept.pop(key, None)
            self.weight += weight - (replaced[1] if replaced else 0)
            self._kept[key] = (value, weight)
            while self.weight > self.capacity:
                self.weight -= self._kept.popitem(last=False)[1][1]

    def drop(self, key: Key) -> None:
        """Forgets a value."""
        with self._lock:
            dropped = self._kept.pop(key, None)
            self.weight -= dropped[1] if dropped else 0

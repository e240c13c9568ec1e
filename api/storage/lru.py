"""A cache of what was used last, bounded by weight. Safe for threads.

Nothing is dropped but by a put, so a value is moved to the end once between two puts and not at
each use: a hit costs one look-up, without the lock.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(slots=True)
class _Entry(Generic[Value]):
    value: Value
    weight: int
    used_at: int  # the number of the put before its last use


class WeightedLru(Generic[Key, Value]):
    """Keeps at most `capacity` of weight; what weighs more than an eighth of it isn't kept."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.weight = 0
        self._kept: OrderedDict[Key, _Entry[Value]] = OrderedDict()
        self._puts = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Value | None:
        """The value, which is then the last one to go."""
        found = self._kept.get(key)
        if found is None:
            return None
        if found.used_at != self._puts:
            with self._lock:
                found.used_at = self._puts
                if key in self._kept:
                    self._kept.move_to_end(key)
        return found.value

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Keeps a value, and drops the ones that weren't used for longest."""
        if weight > self.capacity // 8:
            return
        with self._lock:
            replaced = self._kept.pop(key, None)
            self._puts += 1
            self.weight += weight - (replaced.weight if replaced else 0)
            self._kept[key] = _Entry(value, weight, self._puts)
            while self.weight > self.capacity:
                self.weight -= self._kept.popitem(last=False)[1].weight

    def drop(self, key: Key) -> None:
        """Forgets a value."""
        with self._lock:
            dropped = self._kept.pop(key, None)
            self.weight -= dropped.weight if dropped else 0

"""A line in which places go round over the keys, and to who came first within a key."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """Who waits, by key. Nothing is kept of a key of which nobody waits."""

    def __init__(self) -> None:
        # The order of the keys is theirs to be served; dictionaries let anyone leave at once.
        self._keys: dict[str, dict[T, None]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def waiting_of(self, key: str) -> int:
        """Return how many of a key wait."""
        return len(self._keys.get(key, ()))

    def largest(self) -> tuple[str, int]:
        """Return the key of which most wait, and how many; an empty line has none."""
        key = max(self._keys, key=self.waiting_of, default="")
        return key, self.waiting_of(key)

    def add(self, key: str, one: T) -> None:
        """Put one at the end of its key; a key that is new is served after all others."""
        self._keys.setdefault(key, {})[one] = None
        self._length += 1

    def remove(self, key: str, one: T) -> None:
        """Take one out, wherever it stands."""
        waiting = self._keys[key]
        del waiting[one]
        if not waiting:
            del self._keys[key]
        self._length -= 1

    def pop(self) -> T:
        """Take out who is next; its key is then served after all others."""
        key = next(iter(self._keys))
        waiting = self._keys.pop(key)
        first = next(iter(waiting))
        del waiting[first]
        if waiting:
            self._keys[key] = waiting
        self._length -= 1
        return first

    def pop_surplus(self, key: str) -> T | None:
        """Take out the newest of the key with most, if that has two more than ``key`` or more.

        So the one that comes in its stead has no more waiting than the one that lost it.
        """
        largest, waiting = self.largest()
        if waiting < self.waiting_of(key) + 2:
            return None
        newest, _ = self._keys[largest].popitem()
        self._length -= 1
        return newest

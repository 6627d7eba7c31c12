"""Garbage collection that does not hold up whoever is being answered."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects that are made between two looks at the youngest. Looking at all that there is took 60 ms,
# often in the middle of an answer; a stream leaves next to no cycles behind.
YOUNGEST = 20_000
OLDER = 20


@contextmanager
def calm() -> Iterator[None]:
    """Leave what is there now out of every collection, and collect seldom."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, OLDER, OLDER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

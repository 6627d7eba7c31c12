"""What an audit has found."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

# Mends a finding, and returns the id of the job that does it, if a job does.
Mend = Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that differs; told by ids, never by a document's text or a file's name."""

    code: str
    message: str
    # What it is about: a document, a version, a library, …
    ids: dict[str, str | int]
    # None: nobody but a person can help, and the message says how.
    mend: Mend | None = field(default=None, repr=False, compare=False)


class Part(Protocol):
    """A comparison of two stores."""

    # What was looked at, by its name.
    compared: Counter[str]

    def findings(self) -> Iterator[Finding]:
        """Give what differs and is not just being worked on; raises when a store is away."""
        ...

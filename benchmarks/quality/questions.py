"""Questions with what is known of their answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was said before."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question, where its answer stands, and what its answer says.

    Without ``gold`` the documents don't answer it. ``gold`` names units of its exam: pages,
    paragraphs or documents.
    """

    id: str
    text: str
    group: str
    gold: frozenset[str] = frozenset()
    document: str | None = None
    answers: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()
    # Pictures hold the answer: nobody can expect it from the text.
    in_a_figure: bool = False

    @property
    def answerable(self) -> bool:
        return bool(self.gold)


def page_unit(filename: str, page: int) -> str:
    """Return the name of a page as a unit."""
    return f"{filename}#{page}"


def lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def sample(items: Sequence[T], most: int | None) -> list[T]:
    """Return at most so many, evenly spread over all: the same ones every time."""
    if most is None or len(items) <= most:
        return list(items)
    return [items[number * len(items) // most] for number in range(most)]

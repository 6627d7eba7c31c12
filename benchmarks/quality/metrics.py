"""What is counted: ranks of gold pages, and texts that hold an answer."""

import re
import unicodedata
from collections.abc import Hashable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.quality.intervals import Estimate, mean, share

Unit = TypeVar("Unit", bound=Hashable)
# The rank at which a gold one stands first, or nothing.
Rank = int | None

CUTS = (1, 3, 5, 10)
_LAST = CUTS[-1]
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
# The point of "4.82" stays.
_MARKS = re.compile(r"(?<!\d)\.|\.(?!\d)|[^\w\s.]|_")


@dataclass(frozen=True, slots=True)
class Hits:
    """How many questions had a gold one among the first so many, and its mean reciprocal rank."""

    at: dict[int, Estimate]
    mrr: Estimate

    @property
    def n(self) -> int:
        return self.mrr.n


def rank_of(found: Iterable[Unit], gold: Set[Unit]) -> Rank:
    """Return the rank of the first gold one among the distinct ones, in order of appearance."""
    distinct = dict.fromkeys(found)
    return next((rank for rank, one in enumerate(distinct, start=1) if one in gold), None)


def hits(ranks: Sequence[Rank]) -> Hits:
    return Hits(
        at={cut: share([rank is not None and rank <= cut for rank in ranks]) for cut in CUTS},
        mrr=mean([1 / rank if rank is not None and rank <= _LAST else 0.0 for rank in ranks]),
    )


def normalised(text: str) -> str:
    """Return the text's words in small letters, without marks and articles; 1,000 is 1000."""
    plain = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_ARTICLES.sub(" ", _MARKS.sub(" ", plain)).split())


def holds(text: str, answers: Iterable[str]) -> bool:
    """Tell whether one of the answers stands in the text, as whole words."""
    inside = f" {normalised(text)} "
    wanted = (normalised(answer) for answer in answers)
    return any(f" {answer} " in inside for answer in wanted if answer)

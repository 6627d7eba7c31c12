"""How deep headings lie, told by their names, numbers and type."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

from data.contents import Heading
from ingestion.candidates import APART, ITEM, NOTE, NUMBERED, PART, Candidate, named

# Against the text around: the sizes of titles, of chapters, of sections.
_SIZES = (1.8, 1.5, 1.25, 1.05)
_NUMBERS = (
    ("roman", re.compile(r"[IVX]+[.)]\s")),
    ("letter", re.compile(r"[A-Z][.)]\s")),
    ("(letter)", re.compile(r"\([a-z]{1,3}\)\s", re.IGNORECASE)),
    ("(number)", re.compile(r"\(\d{1,2}\)\s")),
    ("number", NUMBERED),
)
# Shorter ones may be an acronym: "GAAP".
_SHORTEST_CAPITALS = 12

Rank = tuple[int, ...]


def levelled(items: Sequence[tuple[Candidate, float]]) -> Iterator[Heading]:
    """Give each candidate its level; with it comes the size of the text around it.

    Parts lie above items and chapters, these above the rest. There the larger is above the
    smaller, bold above plain; within a style, deeper numbers come deeper, and so does a way
    of numbering that is first used later: "IV." before "(a)".
    """
    bodies: defaultdict[float, list[float]] = defaultdict(list)
    for item, body in items:
        bodies[_rounded(item)].append(body)
    usual = {size: median(around) for size, around in bodies.items()}
    orders: defaultdict[Rank, dict[str, int]] = defaultdict(dict)
    ranks = [_rank(item, usual[_rounded(item)], orders) for item, _ in items]
    levels = {rank: index for index, rank in enumerate(sorted(set(ranks)), 1)}
    for (item, _), rank in zip(items, ranks, strict=True):
        yield Heading(item.page, item.start, item.end, levels[rank], item.text.rstrip(" :"))


def _rounded(item: Candidate) -> float:
    # Half points: the same style differs a little from page to page.
    return round(2 * item.style.size) / 2


def _rank(item: Candidate, body: float, orders: defaultdict[Rank, dict[str, int]]) -> Rank:
    if named(item.text, PART) or APART.fullmatch(item.text):
        return (0,)
    if named(item.text, ITEM):
        return (1,)
    ratio = _rounded(item) / max(body, 0.1)
    size = next((index for index, least in enumerate(_SIZES) if ratio >= least), len(_SIZES))
    if named(item.text, NOTE):
        return 2, min(size, len(_SIZES) - 1)
    small = size == len(_SIZES)
    style = (2, size, not (small and _is_capital(item.text)), not item.style.bold)
    name = next((name for name, number in _NUMBERS if number.match(item.text)), "")
    known = orders[style]
    order = known.setdefault(name, len(known)) if name else 0
    number = NUMBERED.match(item.text) if name == "number" else None
    return *style, order, number.group(1).count(".") if number else 0


def _is_capital(text: str) -> bool:
    return text.isupper() and len(text) >= _SHORTEST_CAPITALS

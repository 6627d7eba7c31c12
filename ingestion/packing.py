"""Pieces of text are put together to chunks of even length."""

from collections.abc import Sequence
from typing import NamedTuple

# How far from the even length a chunk may end for the sake of a paragraph's end.
_PARAGRAPH_PULL = 0.15


class Piece(NamedTuple):
    """A range that stays whole, and what is known of its place."""

    start: int
    end: int
    tokens: int
    ends_paragraph: bool
    # Pieces of one stretch have nothing but white space between them.
    stretch: int


def packed(pieces: Sequence[Piece], limit: int, least: int) -> list[Sequence[Piece]]:
    """Return the pieces in groups within the limit, as few and as even as they can be.

    A group of fewer than ``least`` tokens is avoided where the pieces allow it.
    """
    groups: list[Sequence[Piece]] = []
    first, left = 0, sum(piece.tokens for piece in pieces)
    while first < len(pieces):
        end, used = _cut(pieces, first, left, limit, least)
        groups.append(pieces[first:end])
        first, left = end, left - used
    return groups


def _cut(pieces: Sequence[Piece], first: int, left: int, limit: int, least: int) -> tuple[int, int]:
    """Return where the group that starts at ``first`` ends best, and its tokens."""
    if left <= limit:
        return len(pieces), left
    even = left / -(-left // limit)
    best, used, cost = first + 1, 0, float("inf")
    best_used = pieces[first].tokens
    for index in range(first, len(pieces)):
        used += pieces[index].tokens
        if used > limit:
            break
        miss = abs(used - even)
        if pieces[index].ends_paragraph:
            miss -= _PARAGRAPH_PULL * limit
        if used < least or 0 < left - used < least:
            miss += limit
        if miss <= cost:
            best, best_used, cost = index + 1, used, miss
    return best, best_used

"""Rows of a page: pieces that stand on one height, from left to right."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Pieces of a row have their middles within so much of a height.
_LEVEL = 0.5


class Piece(NamedTuple):
    """A piece with its number in the parser's order, its text and where it stands in points."""

    number: int
    text: str
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        """How high it stands, in points."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """The height that its middle stands at, from the top."""
        return (self.y0 + self.y1) / 2


Row = list[Piece]


def rows_of(pieces: Iterable[Piece]) -> list[Row]:
    """Return the pieces as rows from top to bottom, each from left to right."""
    return list(_rows(sorted(pieces, key=lambda piece: (piece.middle, piece.number))))


def _rows(pieces: list[Piece]) -> Iterator[Row]:
    row: Row = []
    for piece in pieces:
        if row and piece.middle - row[0].middle > _LEVEL * min(piece.height, row[0].height):
            yield sorted(row, key=lambda other: (other.x0, other.number))
            row = []
        row.append(piece)
    if row:
        yield sorted(row, key=lambda other: (other.x0, other.number))

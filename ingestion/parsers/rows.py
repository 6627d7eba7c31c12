"""Rows of a page: pieces that stand on one height, from left to right."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

# Pieces of a row have their middles within so much of a height.
_LEVEL = 0.5


# The character behind a wide space, counted from the start of a piece; its left and right end.
Space = tuple[int, float, float]


class Piece(NamedTuple):
    """A piece with its number in the parser's order, its text and where it stands in points."""

    number: int
    # Where its text begins among the characters.
    start: int
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    spaces: tuple[Space, ...] = ()

    @property
    def height(self) -> float:
        """How high it stands, in points."""
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        """The height that its middle stands at, from the top."""
        return (self.y0 + self.y1) / 2

    def divided(self, space: Space) -> tuple["Piece", "Piece"]:
        """Return the parts of the piece before and behind one of its spaces."""
        at, left, right = space
        behind = tuple((other - at, x0, x1) for other, x0, x1 in self.spaces if other > at)
        return (
            self._replace(text=self.text[:at].rstrip(), x1=left, spaces=()),
            self._replace(start=self.start + at, text=self.text[at:], x0=right, spaces=behind),
        )


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

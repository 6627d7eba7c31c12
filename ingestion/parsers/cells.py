"""Cells of tables: which ones are figures, and which spaces within them are none."""

import re
from typing import NamedTuple

from ingestion.parsers.rows import Piece, Row

# Currency signs stand before their figure, percent signs and letters of footnotes behind it.
_FIGURE = re.compile(
    r"[(\[$€£¥+\-–—−<>~≈*†‡ ]*\d[\d.,:/’' \-–]*(?:[^\W\d_]{1,3})?"
    r"[)\]%*†‡§¢+° ]*(?:\([\d\w]{1,2}\)|[^\W\d_]{1,3})?[)\]% ]*"
)
# What stands for nothing, or for a sign whose figure is another piece.
_NOTHING = re.compile(r"[$€£¥(]*\s*(?:[-–—−―.]{1,3}|n/?a|n/?m|nil|\*+)?\s*[)%]*", re.IGNORECASE)
_SIGN = re.compile(r"[(\[$€£¥+\-–—−]*[$€£¥(\[][(\[$€£¥]*")
_TAIL = re.compile(r"[)\]%]+|\([\d\w]{1,2}\)")
# Of footnotes, behind a label.
_MARKS = re.compile(r"(?:[(\[][\da-z]{1,2}[)\]] ?)+|[*†‡§]+|\d[,\d]{0,4}")
_YEAR = re.compile(
    r"(?:FY|CY)?\s*(?:[(]?(?:19|20)\d\d[)]?)(?:\s*[/–-]\s*(?:19|20)?\d\d)?[EFAP*]?(?:\s*\(?\d\)?)?"
)
_LOOSE = re.compile(r"(?<=[(\[$€£¥]) +(?=\S)|(?<=[\d.)–—-]) +(?=[)\]%])")
_LEADERS = re.compile(r"(?:\. ?){4,}|…{2,}|_{4,}")
_LONGEST = 40
# How far a sign may stand from its figure, in heights of the text.
_SIGN_GAP = 12.0
_TAIL_GAP = 2.5
_MARK_GAP = 1.0


class Cell(NamedTuple):
    """A cell of a table: its pieces, its text without loose spaces, and where it stands."""

    pieces: tuple[Piece, ...]
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    is_figure: bool

    @property
    def height(self) -> float:
        """How high its text stands, in points."""
        return self.pieces[0].height

    @property
    def has_letters(self) -> bool:
        """Whether there is a letter in it."""
        return any(map(str.isalpha, self.text))


def cells_of(row: Row) -> list[Cell]:
    """Return the cells of a row; a figure's signs are in its cell."""
    groups: list[list[Piece]] = []
    for piece in row:
        last = groups[-1][-1] if groups else None
        if last is not None and _belongs(last, piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return [_cell(group) for group in groups]


def _belongs(last: Piece, piece: Piece) -> bool:
    gap = (piece.x0 - last.x1) / max(piece.height, 0.1)
    if _SIGN.fullmatch(last.text) and is_figure(piece.text):
        return gap < _SIGN_GAP
    if is_figure(last.text):
        return gap < _TAIL_GAP and bool(_TAIL.fullmatch(piece.text))
    return gap < _MARK_GAP and bool(_MARKS.fullmatch(piece.text))


def _cell(pieces: list[Piece]) -> Cell:
    if len(pieces) == 1:
        [piece] = pieces
        text = _tight(piece.text)
        return Cell((piece,), text, piece.x0, piece.y0, piece.x1, piece.y1, is_figure(text))
    text = _tight(" ".join(piece.text for piece in pieces))
    return Cell(
        tuple(pieces),
        text,
        min(piece.x0 for piece in pieces),
        min(piece.y0 for piece in pieces),
        max(piece.x1 for piece in pieces),
        max(piece.y1 for piece in pieces),
        is_figure(text),
    )


def _tight(text: str) -> str:
    """Return a figure without its loose spaces, and any other text as it is."""
    loose = loose_spaces(text)
    return "".join(sign for at, sign in enumerate(text) if at not in loose) if loose else text


def is_figure(text: str) -> bool:
    """Tell whether a text is a figure of a table: a number with its signs, or a dash for none."""
    if not text or len(text) > _LONGEST:
        return False
    return bool(_FIGURE.fullmatch(text) or _NOTHING.fullmatch(text))


def is_year(text: str) -> bool:
    """Tell whether a text is a year, as the heads of columns have it."""
    return bool(_YEAR.fullmatch(text))


def has_leaders(text: str) -> bool:
    """Tell whether dots lead from a text to a number, as in a table of contents."""
    return bool(_LEADERS.search(text))


def loose_spaces(text: str) -> list[int]:
    """Return where a figure has spaces that belong to its setting: "$ 5", "( 305 )", "10 %"."""
    if " " not in text or not is_figure(text):
        return []
    return [at for run in _LOOSE.finditer(text) for at in range(*run.span())]

"""The first pages of a document: what is told of it as a whole stands there."""

import re
from collections import Counter
from typing import NamedTuple

from data.contents import LineKind, Page
from data.sentences import CELL

# Titles, names and dates stand on the first pages; the tables of a report begin a little later.
_PAGES = 3
_READ_PAGES = 8
_MOST_LINES = 120
_MOST_CHARACTERS = 40_000
_LONGEST_LINE = 500
# Against the size of most characters of the same pages.
_LARGE = 1.15
_MOST_LARGE = 8
_TOP = 8
_LONGEST_TITLE_LINE = 160
_MOST_TOP_WORDS = 10
# Less text than this proves nothing.
_FEW_CHARACTERS = 200


class FrontLine(NamedTuple):
    """A line of one of the first pages, or a cell of a table: covers are often set as tables."""

    page: int
    text: str
    size: float
    is_cell: bool = False


class Front:
    """Collects the first pages; what comes later is not kept."""

    def __init__(self) -> None:
        self.lines: list[FrontLine] = []
        # Of more pages than the lines, words set apart by single spaces.
        self.text = ""
        self._sizes: Counter[float] = Counter()
        self._pages = 0

    def add(self, page: Page) -> None:
        """Take in the next page. One without text is not counted: a cover may be a picture."""
        if self._pages >= _READ_PAGES or not page.text.strip():
            return
        self._pages += 1
        if self._pages <= _PAGES:
            for line in page.lines[:_MOST_LINES]:
                is_row = line.kind in (LineKind.TABLE_ROW, LineKind.TABLE_HEAD)
                text = page.text[line.start : min(line.end, line.start + _LONGEST_LINE)]
                self._sizes[line.size] += len(text)
                for cell in text.split(CELL) if is_row else [text]:
                    if words := " ".join(cell.split()):
                        self.lines.append(FrontLine(self._pages, words, line.size, is_row))
        room = _MOST_CHARACTERS - len(self.text)
        self.text += " ".join(page.text[: max(room, 0)].split()) + " "

    @property
    def first(self) -> list[FrontLine]:
        """The lines of the first page that has text."""
        return [line for line in self.lines if line.page == 1]

    def titles(self) -> list[str]:
        """Return what may be a title: what is set large on a first page, then its top lines."""
        usual = max(self._sizes, key=lambda size: (self._sizes[size], -size), default=0.0)
        found: list[str] = []
        for page in range(1, _PAGES + 1):
            large = [
                line.text
                for line in self.lines
                if line.page == page and line.size > _LARGE * usual and not line.is_cell
            ]
            # A page all in large letters is a slide; its first ones are the title.
            found.append(" ".join(large[:_MOST_LARGE]))
        top = [line.text for line in self.first if not line.is_cell]
        found.extend(text for text in top[:_TOP] if _is_short(text))
        return [text for text in found if 3 <= len(text) <= _LONGEST_TITLE_LINE]

    def knows(self, title: str) -> bool:
        """Tell whether a word of a title stands on the first pages: else a web site gave it."""
        words = re.findall(r"[^\W\d_]{4,}", title.casefold())
        if len(self.text) < _FEW_CHARACTERS or not words:
            return True
        text = self.text.casefold()
        return any(word in text for word in words)

    def says(self, words: str) -> bool:
        """Tell whether these words stand on the first pages, in whatever case."""
        pattern = r"\s+".join(map(re.escape, words.split()))
        return bool(re.search(rf"(?<!\w){pattern}(?!\w)", self.text, re.IGNORECASE))


def _is_short(text: str) -> bool:
    """Tell whether a line is no sentence."""
    begins = text[0].isupper() or text[0].isdigit()
    return begins and len(text.split()) <= _MOST_TOP_WORDS and not text.endswith((".", ",", ";"))

"""The table of contents that a file brings along, found again in the text of its pages."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from data.contents import Heading, LineKind, OutlineEntry, Page
from ingestion.candidates import CONTENTS_TITLE

_FEWEST = 3
_FEWEST_PAGES = 2
# Of the entries: an outline that names what is not there is of another document.
_FOUND = 0.5
_MOST_LINES = 4
_LONGEST = 250
_MOST_ON_PAGE = 100
_MOST_SEARCHED = 2000
_CUT = ("…", "...")
# A title that was cut short still holds this much of its heading.
_WHOLE = 0.6
_FEWEST_LETTERS = 3
_NUMBER = re.compile(
    r"(?:(?:chapter|section|part|item|note|article|appendix|annex|kapitel|teil)\s+)?"
    r"(?:\d+(?:\.\d+)*|[ivx]+|[a-z](?:\.\d+)*)(?:\s*[.:)–—-]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)


class _Place(NamedTuple):
    """Lines that say what an entry says."""

    start: int
    end: int
    size: float
    bold: bool


class Bookmarks:
    """Collects from page to page where the entries of an outline stand."""

    def __init__(self, outline: Sequence[OutlineEntry]) -> None:
        self._entries: defaultdict[int, list[OutlineEntry]] = defaultdict(list)
        for entry in outline:
            if not CONTENTS_TITLE.fullmatch(entry.title.strip()) and _key(entry.title):
                self._entries[entry.page].append(entry)
        self._late: list[OutlineEntry] = []
        self._sought = 0
        self._found: list[Heading] = []

    def add(self, page: Page) -> None:
        """Look for the entries of the next page; those of the one before may point too early."""
        entries = [*self._late, *self._entries.get(page.number, ())]
        late = len(self._late)
        self._late = []
        if not entries or not page.text.strip():
            return
        self._sought += len(entries) - late
        places, reach = _places(page), 0
        for index, entry in enumerate(entries[:_MOST_ON_PAGE]):
            place = _place(places, entry.title, reach)
            if place is not None:
                reach = place.end
                text = " ".join(page.text[place.start : place.end].split())
                self._found.append(Heading(page.number, place.start, place.end, entry.level, text))
            elif index >= late:
                self._late.append(entry)

    def found(self) -> tuple[Heading, ...]:
        """Return the entries as headings; none where the outline is of little use."""
        pages = {heading.page for heading in self._found}
        if len(self._found) < max(_FEWEST, _FOUND * self._sought) or len(pages) < _FEWEST_PAGES:
            return ()
        outermost = min(heading.level for heading in self._found)
        return tuple(replace(item, level=item.level - outermost + 1) for item in self._found)


def _places(page: Page) -> dict[str, list[_Place]]:
    """Return where one to four lines of text stand, by what they say."""
    lines = [line for line in page.lines if line.kind is LineKind.TEXT][:_MOST_SEARCHED]
    places: defaultdict[str, list[_Place]] = defaultdict(list)
    for index, first in enumerate(lines):
        for line in lines[index : index + _MOST_LINES]:
            if not 0 < line.end - first.start <= _LONGEST:
                break
            text = page.text[first.start : line.end]
            for key in {_key(text), _bare(text)} - {""}:
                places[key].append(_Place(first.start, line.end, line.size, line.bold))
    return places


def _place(places: dict[str, list[_Place]], title: str, reach: int) -> _Place | None:
    """Return where a title stands behind ``reach``."""
    keys = {_key(title), _bare(title)}
    if title.endswith(_CUT):
        keys |= {
            said
            for said in places
            if any(said.startswith(key) and len(key) >= _WHOLE * len(said) for key in keys)
        }
    found = [place for key in keys for place in places.get(key, ()) if place.start >= reach]
    return max(found, key=_likeness, default=None)


def _likeness(place: _Place) -> tuple[float, bool, int, int]:
    """Order places: set largest, boldest, with the least beside the title, first."""
    return place.size, place.bold, place.start - place.end, -place.start


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _bare(text: str) -> str:
    """Return the key without a leading number, unless hardly a letter is left."""
    bare = _key(_NUMBER.sub("", text.strip(), count=1))
    return bare if len(bare) >= _FEWEST_LETTERS else _key(text)

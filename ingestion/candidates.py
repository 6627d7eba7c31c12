"""Lines of a page that may be a heading, by what they say and how they are set."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from data.contents import Line, LineKind, Page
from ingestion.layout import edge_lines

_LONGEST = 150
_MOST_LINES = 3
_MOST_PER_PAGE = 40
_CONTENTS_LINES = 5
_CONTENTS_SHARE = 0.7
# "Unit 4: Costs", "Part B: Costs" are no labels with their values.
_NUMBER_LAST = re.compile(r"\b(?:\d+|[IVX]+|[A-Z])$")
# A label has this many words before its colon.
_LABEL_WORDS = 2

NUMBERED = re.compile(r"(?:(?:section|chapter|note|item|article|annex|appendix|kapitel)\s+)?"
                      r"(\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){1,3})[a-z]?[.):]?\s+\S*[^\W\d_]{2}",
                      re.IGNORECASE)  # fmt: skip
PART = re.compile(r"(?:part|teil|book|volume)\s+(?:[ivx]+|\d+|[a-z])\b", re.IGNORECASE)
ITEM = re.compile(
    r"(?:item|chapter|kapitel|unit|module)\s+\d{0,2}[a-z]?[ivx]*(?:\.\d\d)?[.:—–-]*(?:\s|$)"
    r"|section\s+\w{1,4}[.:—–-]+\s",
    re.IGNORECASE,
)
NOTE = re.compile(
    r"(?:note|appendix|annex|article)\s+\w{1,6}(?:\.\d+)?[.:—–-]*(?:\s|$)", re.IGNORECASE
)
# What is bound together with a document: what follows it is not part of its last section.
APART = re.compile(r"exhibit\s+\d[\d.]*|signatures?|appendi(?:x|ces)|annex(?:es)?", re.IGNORECASE)
CONTENTS = re.compile(r"\.{3,}|(?:\. ){3,}|…|\s\d{1,4}$")
CONTENTS_TITLE = re.compile(
    r"(?:table of )?contents:?|index|inhalt(?:sverzeichnis)?|sommaire|table des matières|índice",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"(?:\.\s?){4,}|…{2,}")
# "3 Method 12": but not "2,345" and not "Table 12" alone.
_ENTRY = re.compile(r"[^\W\d_]{2}[\s.…_]{1,200}(\d{1,4})\s*$")
# Under a picture or over a table; and what people sign under.
_CAPTION = re.compile(
    r"(?:table|figure|fig\.|chart|tabelle|abbildung|abb\.|tableau|cuadro|tabla|figura)\s*\d",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"/s/|(?:by|name|title|date|dated|signature|attest|tel|fax|email)\s?:|_{4,}",
                     re.IGNORECASE)  # fmt: skip
# What a table is counted in.
_ASIDE = re.compile(r"\(.*\)")
_BOX = re.compile(r"[☐☒☑■□¨•●▪◦✓✗]|^[xo]\s|@\w+\.|https?:|www\.")


class Style(NamedTuple):
    """How a line is set."""

    size: float
    bold: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """One or more lines that may be a heading."""

    page: int
    start: int
    end: int
    style: Style
    text: str
    # Text stands close above it, or its sentence goes on in the next line.
    crowded: bool
    keys: tuple[str, ...]


def candidates_of(page: Page) -> list[Candidate]:
    """Return the candidates of a page in order; a page of contents has none."""
    if _is_contents(page):
        return []
    edges = {edge.line.start: edge.normalised for edge in edge_lines(page)}
    found: list[Candidate] = []
    above: list[Line] = []
    for group in _groups(page):
        found.extend(_candidates(page, group, above, edges))
        above = group
    return found[:_MOST_PER_PAGE]


def named(text: str, *names: re.Pattern[str]) -> bool:
    """Tell whether a text starts with one of these names: "Item 8", not "Item 8 of the report"."""
    found = next((match for name in names if (match := name.match(text))), None)
    return found is not None and not text[found.end() :].lstrip()[:1].islower()


def begins_anew(text: str) -> bool:
    """Tell whether a line starts with a heading's number or name."""
    names = (PART, ITEM, NOTE)
    if any(name.match(text) for name in names):
        return named(text, *names)
    return bool(NUMBERED.match(text))


def _is_contents(page: Page) -> bool:
    """Tell whether most lines of a page are entries that point to pages in ascending order."""
    lines = [page.text[line.start : line.end] for line in page.lines if line.end > line.start]
    led = sum(1 for text in lines if _LEADERS.search(text))
    if led >= _CONTENTS_LINES and led * 3 >= len(lines):
        return True
    pages = [int(match[1]) for text in lines if (match := _ENTRY.search(text))]
    rising = sum(later >= earlier for earlier, later in pairwise(pages))
    return (
        len(pages) >= _CONTENTS_LINES
        and len(pages) * 3 >= len(lines)
        and rising >= _CONTENTS_SHARE * (len(pages) - 1)
        and any(CONTENTS_TITLE.fullmatch(text.strip()) for text in lines)
    )


def _groups(page: Page) -> Iterator[list[Line]]:
    """Yield neighbouring lines that are set alike, with no empty line and no number between."""
    group: list[Line] = []
    for line in page.lines:
        if group and not (
            line.start == group[-1].end + 1
            and (line.size, line.bold, line.kind)
            == (group[-1].size, group[-1].bold, group[-1].kind)
            and not begins_anew(page.text[line.start : line.end])
        ):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _candidates(
    page: Page, group: list[Line], above: list[Line], edges: dict[int, str]
) -> Iterator[Candidate]:
    """Yield the group as one candidate, unless it is too long to be a heading."""
    start, end = group[0].start, group[-1].end
    if len(group) > _MOST_LINES or end - start > _LONGEST or group[0].kind is not LineKind.TEXT:
        return
    text = " ".join(page.text[start:end].split())
    if not _may_be_heading(text):
        return
    # "PART I" may stand close under other bold lines, and "Item 1." close under it.
    heads = begins_anew(text) and group[0].bold and above and above[0].bold
    close = start > 0 and page.text[start - 2 : start] != "\n\n" and not heads
    # Bold words that begin a paragraph: "Our method is better | than the others."
    below = page.text[end + 1 : end + 2].islower()
    yield Candidate(
        page=page.number,
        start=start,
        end=end,
        style=Style(group[0].size, group[0].bold),
        text=text,
        crowded=close or below,
        keys=tuple(edges[line.start] for line in group if line.start in edges),
    )


def _may_be_heading(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    if letters < 3 or letters < len(text) / 2 or text[0].islower():
        return False
    if text[-1] in ",;" or (text[-1] == "." and not begins_anew(text)):
        return False
    if any(pattern.fullmatch(text) for pattern in (CONTENTS_TITLE, _ASIDE)):
        return False
    if _CAPTION.match(text) or _BOX.search(text):
        return False
    label, colon, value = text.partition(": ")
    if colon and value and len(label.split()) <= _LABEL_WORDS and not _NUMBER_LAST.search(label):
        return False
    return not (_SIGNED.search(text) or re.search(r"\.{3,}|(?:\. ){3,}", text))

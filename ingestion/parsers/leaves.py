"""Pages of files that have none of their own: blocks of text, bound into leaves.

A reader of such a file counts its sections, slides or sheets. What is longer than a printed
page is divided where a paragraph ends, so that a page is never far to search.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from data.boxes import pack
from data.contents import PAGE_TRUNCATED, FileFacts, Line, LineKind, OutlineEntry, Page
from ingestion.dates import as_iso
from ingestion.parsers.wording import plain

# A printed page has about so many characters.
PAGE_CHARACTERS = 4_000
# Sizes in points, as a printer might choose them: of text, and of headings of levels 1 to 6.
BODY = 11.0
SIZES = (22.0, 19.0, 17.0, 15.0, 14.0, 13.0)
_DEEPEST = len(SIZES)
_LONGEST_ENTRY = 200
_MOST_ENTRIES = 5_000
# More sections than these are entries of a list, not what a reader counts.
_MOST_SECTIONS = 500
_SHORT_PREFACE = 400
# A sentence's end, then any space, as places to divide a paragraph.
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, a row or an item: one line of a page, or some."""

    text: str
    # Of a heading: 1 is the outermost. 0: no heading.
    level: int = 0
    kind: LineKind = LineKind.TEXT
    # It stands directly under the block above: the next row, item or line.
    close: bool = False
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """What becomes a page."""

    blocks: Sequence[Block]
    label: str | None = None


class Said(NamedTuple):
    """What a file says of itself."""

    title: str | None = None
    author: str | None = None
    created: str | None = None


class Leaves:
    """A file that is read whole when it is opened, and gives its pages from then on."""

    def __init__(
        self, leaves: Iterable[Leaf], said: Said, max_pages: int, max_characters: int
    ) -> None:
        self._limit = max_characters
        found = iter(leaves)
        self._leaves = list(islice(found, max_pages))
        # Of a file with too many pages nobody wants one; but how many there are.
        count = len(self._leaves) + sum(1 for _ in found)
        title, author, created = (plain(part or "") or None for part in said)
        made = as_iso(created or "")
        entries = tuple(islice(self._outline(), _MOST_ENTRIES))
        self.facts = FileFacts(max(count, 1), title, author, made, entries)

    def page(self, number: int, *, ocr: bool = False) -> Page:  # noqa: ARG002 - nothing to look at
        """Return a page; the first one is 1."""
        leaf = self._leaves[number - 1] if self._leaves else Leaf(())
        return page_of(number, leaf, self._limit)

    def _outline(self) -> Iterator[OutlineEntry]:
        for number, leaf in enumerate(self._leaves, start=1):
            for block in leaf.blocks:
                if block.level and len(block.text) <= _LONGEST_ENTRY:
                    yield OutlineEntry(number, block.level, block.text.replace("\n", " "))


def page_of(number: int, leaf: Leaf, limit: int) -> Page:
    """Return a leaf as a page of up to ``limit`` characters; none of them has a place."""
    parts: list[str] = []
    lines: list[Line] = []
    at = 0
    for block in leaf.blocks:
        if parts:
            parts.append("\n" if block.close else "\n\n")
            at += len(parts[-1])
        size = SIZES[min(block.level, _DEEPEST) - 1] if block.level else BODY
        start = at
        for line in block.text.split("\n"):
            bold = block.level > 0 or block.bold
            lines.append(Line(start, start + len(line), size, bold, block.kind))
            start += len(line) + 1
        parts.append(block.text)
        at += len(block.text)
    text, warning = "".join(parts), None
    if len(text) > limit:
        text, warning = text[:limit], PAGE_TRUNCATED
        lines = [
            Line(line.start, min(line.end, limit), line.size, line.bold, line.kind)
            for line in lines
            if line.start < limit
        ]
    boxes = pack(np.zeros((len(text), 4), np.float32))
    return Page(number, text, boxes, tuple(lines), warning=warning, label=leaf.label)


def sections(blocks: Sequence[Block], limit: int = PAGE_CHARACTERS) -> Iterator[Leaf]:
    """Give a leaf for each section that a reader would count; long ones are divided.

    Sections begin at headings of the outermost level that has several; a document's title is
    alone on its level.
    """
    levels = Counter(block.level for block in blocks if block.level)
    several = [level for level, count in levels.items() if count > 1]
    top = min(several, default=0)
    if sum(levels[level] for level in levels if level <= top) > _MOST_SECTIONS:
        top = 0
    section: list[Block] = []
    for block in blocks:
        if 0 < block.level <= top and _is_section(section, top):
            yield from divided(section, limit)
            section = []
        section.append(block)
    if section:
        yield from divided(section, limit)


def _is_section(blocks: Sequence[Block], top: int) -> bool:
    """Tell whether blocks are more than titles, or some words before the first section."""
    text = sum(len(block.text) for block in blocks if not block.level)
    has_heading = any(block.level == top for block in blocks)
    return text > (0 if has_heading else _SHORT_PREFACE)


def divided(
    blocks: Sequence[Block], limit: int = PAGE_CHARACTERS, label: str | None = None
) -> Iterator[Leaf]:
    """Give leaves of about ``limit`` characters at most, as even as the blocks allow.

    A heading goes with what is under it, and a table's head stands over each of its parts.
    """
    left = sum(len(block.text) + 2 for block in blocks)
    leaf: list[Block] = []
    used, head = 0, None
    even = left / -(-left // limit) if left else limit
    for block in _no_longer(blocks, limit):
        size = len(block.text) + 2
        is_started = used > limit // 4 or any(not above.level for above in leaf)
        if is_started and (used + size > limit or used >= even):
            kept = _without_trailing_headings(leaf)
            yield Leaf(tuple(leaf[:kept]), label)
            leaf = leaf[kept:]
            used = sum(len(above.text) + 2 for above in leaf)
            if block.kind is LineKind.TABLE_ROW and head is not None and head not in leaf:
                leaf.append(head)
                used += len(head.text) + 2
        if block.kind is LineKind.TABLE_HEAD:
            head = block
        elif block.kind is not LineKind.TABLE_ROW:
            head = None
        leaf.append(block)
        used += size
    if leaf:
        yield Leaf(tuple(leaf), label)


def _without_trailing_headings(leaf: Sequence[Block]) -> int:
    end = len(leaf)
    while end > 1 and leaf[end - 1].level:
        end -= 1
    return end if end > 1 or not leaf[0].level else len(leaf)


def _no_longer(blocks: Iterable[Block], limit: int) -> Iterator[Block]:
    """Give the blocks, and those over the limit in parts that end with a sentence."""
    for block in blocks:
        if len(block.text) <= limit:
            yield block
            continue
        for index, part in enumerate(_parts(block.text, limit)):
            yield Block(part, block.level if index == 0 else 0, block.kind, block.close)


def _parts(text: str, limit: int) -> Iterator[str]:
    at = 0
    while len(text) - at > limit:
        end = at + limit
        for found in _SENTENCE_END.finditer(text, at + limit // 2, end):
            end = found.start()
        if end == at + limit:
            space = text.rfind(" ", at + 1, end)
            end = space if space > at else end
        yield text[at:end]
        at = end + (1 if text[end] in " \n" else 0)
    if at < len(text):
        yield text[at:]

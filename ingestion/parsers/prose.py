"""Plain text: paragraphs between empty lines, pages between form feeds or by length."""

import re
from collections.abc import Iterator

from ingestion.parsers.decoding import decoded
from ingestion.parsers.leaves import PAGE_CHARACTERS, Block, Leaf, Leaves, Said, divided, sections
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.wording import plain

_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
# A line under a line makes it a heading, as in many a readme.
_UNDERLINES = {"=": 1, "-": 2, "~": 3}
_UNDERLINE = re.compile(r"([=~-])\1{2,}")
_CHAPTER = re.compile(
    r"(?:chapter|part|book|volume|appendix|kapitel|teil|chapitre|capítulo)\s+(?:[\divxlc]+|[a-z])\b"
    r"[^\n]{0,80}",
    re.IGNORECASE,
)


def open_file(opening: Opening) -> OpenFile:
    """Return a text file as pages."""
    text = decoded(opening.path.read_bytes())
    leaves = leaves_of(text, min(opening.max_page_characters, PAGE_CHARACTERS))
    return Leaves(leaves, Said(), opening.max_pages, opening.max_page_characters)


def leaves_of(text: str, limit: int) -> Iterator[Leaf]:
    """Give the pages of a text: those that form feeds divide, else its chapters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = [part for part in text.split("\f") if part.strip()]
    if len(parts) == 1:
        yield from sections(list(blocks_of(parts[0])), limit)
        return
    for part in parts:
        # A page of someone else's may be longer than ours.
        yield from divided(list(blocks_of(part)), 2 * limit)


def blocks_of(text: str) -> Iterator[Block]:
    """Give the paragraphs of a text, their lines as they are."""
    for paragraph in _PARAGRAPHS.split(text.strip("\n")):
        lines = [line for part in paragraph.split("\n") if (line := plain(part))]
        if len(lines) == 1 and _CHAPTER.fullmatch(lines[0]):
            yield Block(lines[0], 1)
        elif len(lines) > 1 and (under := _UNDERLINE.fullmatch(lines[1])):
            yield Block(lines[0], _UNDERLINES[under.group(1)])
            lines = lines[2:]
            if lines:
                yield Block("\n".join(lines))
        elif lines:
            yield Block("\n".join(lines))

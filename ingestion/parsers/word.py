"""Word documents: the pages of their last layout where it is known, else their chapters.

Walked with lxml: what pages, lists and notes are made of is not in python-docx's model.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from data.contents import LineKind
from ingestion.archives import Archive
from ingestion.parsers.foreign_tables import blocks_of
from ingestion.parsers.leaves import PAGE_CHARACTERS, Block, Leaf, Leaves, divided, sections
from ingestion.parsers.markup import parsed
from ingestion.parsers.office import core_properties, main_part, related_as
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.word_numbers import Numbers
from ingestion.parsers.word_styles import Styles, W, is_on, value_of
from ingestion.parsers.word_tables import cells_of, grids_of, is_frame
from ingestion.parsers.word_text import FALLBACK, Piece, pieces_of
from ingestion.parsers.wording import plain

# The same names in files that follow the standard to the letter.
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_USUAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
# What only holds other things: content controls, insertions, the cells of a layout.
_HOLDERS = frozenset(
    f"{W}{name}" for name in ("body", "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")
)
_SAME_PAGE = ("continuous", "nextColumn")
# Nobody sets tables in tables deeper than this.
_DEEPEST = 20

# A block, or nothing where a page ends.
Flow = Iterator[Block | None]


def open_file(opening: Opening) -> OpenFile:
    """Return a Word document as pages."""
    with Archive(opening.path) as archive:
        document = _Document(archive, main_part(archive))
        leaves = document.leaves(min(opening.max_page_characters, PAGE_CHARACTERS))
        said = core_properties(archive)
    return Leaves(leaves, said, opening.max_pages, opening.max_page_characters)


class _Document:
    def __init__(self, archive: Archive, at: str) -> None:
        def part(kind: str) -> bytes | None:
            path = related_as(archive, at, kind)
            return None if path is None else archive.read(path).replace(_STRICT, _USUAL)

        self._root = parsed(archive.read(at).replace(_STRICT, _USUAL))
        self._styles = Styles(part("styles"))
        self._numbers = Numbers(part("numbering"))
        self._notes = {kind: _notes(part(kind)) for kind in ("footnotes", "endnotes")}
        self._in_list = False

    def leaves(self, limit: int) -> Iterator[Leaf]:
        """Give the document's pages."""
        pages: list[list[Block]] = [[]]
        for block in self._flow(self._root, 0):
            if block is not None:
                pages[-1].append(block)
            elif pages[-1]:
                pages.append([])
        if len(pages) == 1:
            yield from sections(pages[0], limit)
            return
        is_laid_out = next(self._root.iter(f"{W}lastRenderedPageBreak"), None) is not None
        for page in pages:
            # A page of small print is longer than ours, but not by much.
            yield from divided(_notes_last(page), 2 * limit if is_laid_out else limit)

    def _flow(self, holder: Any, depth: int) -> Flow:
        for element in holder.iterchildren():
            if element.tag == f"{W}p":
                yield from self._paragraph(element, depth)
            elif element.tag == f"{W}tbl" and depth < _DEEPEST:
                yield from self._table(element, depth + 1)
                self._in_list = False
            elif element.tag in _HOLDERS and depth < _DEEPEST:
                yield from self._flow(element, depth + 1)

    def _paragraph(self, paragraph: Any, depth: int) -> Flow:
        properties = paragraph.find(f"{W}pPr")
        if properties is not None and is_on(properties, "pageBreakBefore"):
            yield None
        level = self._styles.level(paragraph)
        mark = self._mark(paragraph)
        for index, piece in enumerate(pieces_of(paragraph)):
            if index:
                yield None
                level, mark = 0, ""
            yield from self._piece(piece, level, mark, depth)
        section = None if properties is None else properties.find(f"{W}sectPr")
        if section is not None and value_of(section, "type") not in _SAME_PAGE:
            yield None

    def _piece(self, piece: Piece, level: int, mark: str, depth: int) -> Flow:
        if piece.text:
            close = bool(mark) and self._in_list and not level
            yield Block(mark + piece.text, level, close=close, bold=piece.bold)
            self._in_list = bool(mark) and not level
        for box in piece.boxes if depth < _DEEPEST else ():
            yield from self._flow(box, depth + 1)
        for kind, name in piece.notes:
            if text := self._notes[kind].get(name):
                yield Block(text, 0, LineKind.FOOTNOTE)

    def _mark(self, paragraph: Any) -> str:
        list_id, depth = self._styles.numbering(paragraph)
        has_text = any(found.text for found in paragraph.iter(f"{W}t"))
        return self._numbers.mark(list_id, depth) if list_id and has_text else ""

    def _table(self, table: Any, depth: int) -> Flow:
        if is_frame(table):
            for cell in cells_of(table):
                yield from self._flow(cell, depth)
            return
        notes: list[Block] = []
        for grid in grids_of(table, lambda cell: self._words(cell, notes)):
            if grid is None:
                yield None
            else:
                yield from blocks_of(grid)
        yield from notes

    def _words(self, cell: Any, notes: list[Block]) -> str:
        """Return what stands in a cell as one line; its notes go below the table."""
        words: list[str] = []
        for paragraph in cell.iter(f"{W}p"):
            if next(paragraph.iterancestors(FALLBACK), None) is None:
                pieces = list(pieces_of(paragraph))
                words.append(self._mark(paragraph) + " ".join(piece.text for piece in pieces))
                for kind, name in (note for piece in pieces for note in piece.notes):
                    if text := self._notes[kind].get(name):
                        notes.append(Block(text, 0, LineKind.FOOTNOTE))
        return plain(" ".join(words))


def _notes(data: bytes | None) -> dict[str, str]:
    """Return the notes of a document by their ids."""
    if data is None:
        return {}
    return {
        note.get(f"{W}id", ""): plain(
            " ".join(piece.text for found in note.iter(f"{W}p") for piece in pieces_of(found))
        )
        for note in parsed(data)
        if note.get(f"{W}type", "normal") == "normal"
    }


def _notes_last(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks of a page with its notes at its foot."""
    notes = [block for block in blocks if block.kind is LineKind.FOOTNOTE]
    return [block for block in blocks if block.kind is not LineKind.FOOTNOTE] + notes

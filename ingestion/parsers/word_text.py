"""The text of a Word document's paragraphs, with what happens between its words."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

from ingestion.parsers.visibility import meaningful
from ingestion.parsers.word_styles import W, is_on
from ingestion.parsers.wording import plain_lines

FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PICTURE = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
# What was deleted, or is an older program's version of what stands beside it.
_SKIPPED = frozenset(
    (f"{W}del", f"{W}moveFrom", f"{W}pPr", f"{W}rPr", f"{W}instrText", f"{W}delText",
     FALLBACK)
)  # fmt: skip
_SIGNS = {f"{W}tab": " ", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}ptab": " "}
_NOTES = {f"{W}footnoteReference": "footnotes", f"{W}endnoteReference": "endnotes"}


class Piece(NamedTuple):
    """What stands on one page of a paragraph: its text, its notes, and text boxes beside it."""

    text: str
    notes: tuple[tuple[str, str], ...] = ()
    boxes: tuple[Any, ...] = ()
    bold: bool = False


def pieces_of(paragraph: Any) -> Iterator[Piece]:
    """Give a paragraph's pieces: between two of them a page ends."""
    text: list[str] = []
    notes: list[tuple[str, str]] = []
    boxes: list[Any] = []
    runs: list[bool] = []
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        tag = element.tag
        if tag in _SKIPPED:
            walk.skip_subtree()
        elif tag == f"{W}r":
            properties = element.find(f"{W}rPr")
            if properties is not None and is_on(properties, "vanish"):
                walk.skip_subtree()
            elif any(found.text and found.text.strip() for found in element.iterchildren(f"{W}t")):
                runs.append(properties is not None and is_on(properties, "b"))
        elif tag in (f"{W}t", f"{_MATH}t"):
            text.append(element.text or "")
        elif tag in _SIGNS:
            text.append(_SIGNS[tag])
        elif is_page_end(element):
            yield Piece(plain_lines("".join(text)), tuple(notes), tuple(boxes))
            text, notes, boxes = [], [], []
        elif tag == f"{W}br":
            text.append("\n")
        elif tag in _NOTES:
            notes.append((_NOTES[tag], element.get(f"{W}id", "")))
        elif tag == _PICTURE:
            text.append(f" {meaningful(element.get('descr') or '')} ")
        elif tag == f"{W}txbxContent":
            boxes.append(element)
            walk.skip_subtree()
    yield Piece(plain_lines("".join(text)), tuple(notes), tuple(boxes), bool(runs) and all(runs))


def is_page_end(element: Any) -> bool:
    """Tell whether a page ends here: because its writer said so, or when Word last laid it out."""
    if element.tag == f"{W}lastRenderedPageBreak":
        return True
    return bool(element.tag == f"{W}br" and element.get(f"{W}type") == "page")

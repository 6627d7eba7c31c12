"""Presentations: a page for each slide, its title first, the speaker's notes last."""

from collections.abc import Iterator
from typing import Any
from zipfile import BadZipFile

from lxml.etree import XMLSyntaxError
from pptx.exc import PythonPptxError
from pptx.package import Package

from data.file_errors import UnreadableFile
from ingestion.archives import Archive
from ingestion.parsers.foreign_tables import Cells, blocks_of, with_head
from ingestion.parsers.leaves import Block, Leaf, Leaves
from ingestion.parsers.markup import parsed
from ingestion.parsers.office import core_properties
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.slide_charts import blocks_of_chart
from ingestion.parsers.visibility import meaningful
from ingestion.parsers.wording import plain, plain_lines

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# Placeholders of a slide's margins: date, footer, header, number, and a notes page's picture.
_MARGINS = frozenset(("dt", "ftr", "hdr", "sldNum", "sldImg"))
_TITLES = frozenset(("title", "ctrTitle"))
_DEEPEST = 20
# Shapes that start within this share of the slide's height of each other stand in one row.
_ROWS = 24


def open_file(opening: Opening) -> OpenFile:
    """Return a presentation as pages."""
    with Archive(opening.path) as archive:
        said = core_properties(archive)
    try:
        # Not Presentation(): that refuses slide shows and templates.
        presentation = Package.open(str(opening.path)).presentation_part.presentation
        leaves = _leaves(presentation)
        return Leaves(leaves, said, opening.max_pages, opening.max_page_characters)
    except (PythonPptxError, BadZipFile, XMLSyntaxError, KeyError, AttributeError) as error:
        raise UnreadableFile from error


def _leaves(presentation: Any) -> Iterator[Leaf]:
    height = presentation.slide_height or 1
    for slide in presentation.slides:
        yield Leaf(tuple(_slide(slide, height)))


def _slide(slide: Any, height: int) -> Iterator[Block]:
    shapes = sorted(_visible(slide.shapes, 0), key=lambda shape: _place(shape, height))
    for shape in shapes:
        yield from _shape(shape, 1 if _placeholder(shape) in _TITLES else 0)
    if slide.has_notes_slide:
        notes = slide.notes_slide.notes_text_frame
        if notes is not None and (text := plain_lines(notes.text)):
            yield Block(text)


def _visible(shapes: Any, depth: int) -> Iterator[Any]:
    """Give the shapes that are shown, those of groups too."""
    for shape in shapes:
        properties = next(shape._element.iter("{*}cNvPr"), None)
        if properties is not None and properties.get("hidden") in ("1", "true"):
            continue
        if _placeholder(shape) in _MARGINS:
            continue
        if hasattr(shape, "shapes") and depth < _DEEPEST:
            yield from _visible(shape.shapes, depth + 1)
        else:
            yield shape


def _placeholder(shape: Any) -> str:
    """Return what a shape holds the place for: "title", "body"; nothing for none."""
    found = next(shape._element.iter("{*}ph"), None)
    return "" if found is None else found.get("type", "body")


def _place(shape: Any, height: int) -> tuple[bool, int, int]:
    """Return what shapes are sorted by: the title, then row by row from the left."""
    row = (shape.top or 0) * _ROWS // height
    return _placeholder(shape) not in _TITLES, row, shape.left or 0


def _shape(shape: Any, level: int) -> Iterator[Block]:
    if getattr(shape, "has_table", False):
        rows: list[Cells] = []
        for row in shape.table.rows:
            rows.append(_cells(row, rows[-1] if rows else []))
        yield from blocks_of(with_head(rows, int(bool(shape.table.first_row))))
    elif getattr(shape, "has_chart", False):
        yield from blocks_of_chart(shape.chart)
    elif getattr(shape, "has_text_frame", False):
        yield from _paragraphs(shape.text_frame, level)
    else:
        yield from _diagram(shape)
        properties = next(shape._element.iter("{*}cNvPr"), None)
        said = "" if properties is None else properties.get("descr", "")
        if text := plain(meaningful(said)):
            yield Block(text)


def _cells(row: Any, above: Cells) -> Cells:
    """Return a row's cells; one that is merged with that above is repeated."""
    cells: Cells = []
    for index, cell in enumerate(row.cells):
        text = "" if cell.is_spanned else plain(cell.text_frame.text)
        is_below = cell._tc.vMerge and not cell._tc.hMerge and index < len(above)
        cells.append(above[index] if is_below else text)
    return cells


def _paragraphs(frame: Any, level: int) -> Iterator[Block]:
    if level:
        # A title of several lines is one title.
        if text := plain(frame.text):
            yield Block(text, level)
        return
    close, number = False, 0
    for paragraph in frame.paragraphs:
        properties = paragraph._p.find(f"{_A}pPr")
        has_number = properties is not None and properties.find(f"{_A}buAutoNum") is not None
        has_bullet = properties is not None and properties.find(f"{_A}buChar") is not None
        number = number + 1 if has_number else 0
        text = plain_lines(paragraph.text)
        if text:
            mark = f"{number}. " if has_number else "• " if has_bullet else ""
            yield Block(mark + text, close=close)
            close = True


def _diagram(shape: Any) -> Iterator[Block]:
    """Give the texts of a diagram (SmartArt), which stand in a part of their own."""
    close = False
    for reference in shape._element.iter(f"{_DIAGRAM}relIds"):
        part = shape.part.related_part(reference.get(f"{_RELATION}dm"))
        for point in parsed(part.blob).iter(f"{_DIAGRAM}pt"):
            if text := plain("".join(found.text or "" for found in point.iter(f"{_A}t"))):
                yield Block(f"• {text}", close=close)
                close = True

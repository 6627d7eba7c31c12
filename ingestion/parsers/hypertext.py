"""HTML as blocks of text: what a browser would show, without scripts, styles and what is hidden."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lxml import etree

from data.file_errors import UnreadableFile
from ingestion.parsers.decoding import decoded
from ingestion.parsers.foreign_tables import blocks_of
from ingestion.parsers.html_tables import grid_of, is_layout
from ingestion.parsers.leaves import PAGE_CHARACTERS, Block, Leaves, Said, sections
from ingestion.parsers.markup import local_name
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.visibility import is_dropped, picture_text
from ingestion.parsers.wording import plain, plain_lines

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main ol option p pre "
    "section summary table tbody td tfoot th thead tr ul".split()
)
# Each is directly under the one before it.
_ITEMS = frozenset(("li", "dt", "dd", "tr"))
_SPACE = re.compile(r"\s+")
# With what XML may declare in it, of which HTML knows nothing.
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]{0,1000}\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
_FONTS = re.compile(
    rb"</?(?:a|b|big|center|code|em|font|i|s|small|span|strike|strong|sub|sup|tt|u)(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_DATES = ("date", "dcterms.created", "dcterms.date", "dc.date", "article:published_time")


class Hypertext(NamedTuple):
    """What an HTML document shows, and what it says of itself."""

    blocks: list[Block]
    said: Said


def open_file(opening: Opening) -> OpenFile:
    """Return an HTML file as pages."""
    shown = read(decoded(opening.path.read_bytes(), is_markup=True))
    leaves = sections(shown.blocks, min(opening.max_page_characters, PAGE_CHARACTERS))
    return Leaves(leaves, shown.said, opening.max_pages, opening.max_page_characters)


def read(text: str, *, is_xml: bool = False) -> Hypertext:
    """Return what there is to read in an HTML document, or in a piece of one."""
    data = text.replace("\0", "").encode("utf-8", errors="replace")
    root = _as_xml(data) if is_xml else None
    if root is None and data.strip():
        root = _as_html(data)
    if root is None:
        return Hypertext([], Said())
    return Hypertext(list(_Walk(root).blocks()), _said(root))


def _as_html(data: bytes) -> Any:
    """Return the root of HTML, however it is written; raises ``UnreadableFile``.

    The parser leaves out what is nested too deeply: fonts that nobody closes do that.
    """
    data = _DOCTYPE.sub(b"", data, count=1)
    for tried in (data, _FONTS.sub(b"", data)):
        parser = etree.HTMLParser(
            encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True
        )
        root = etree.fromstring(tried, parser)
        if not any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
            return root
    raise UnreadableFile("The file's elements are nested too deeply to be read.")


def _as_xml(data: bytes) -> Any:
    """Return the root of XHTML, its names as in HTML; nothing where it is not well formed.

    To HTML's own rules ``<title/>`` opens a title that never ends. Entities other than XML's
    are unknown without the document type, which is not loaded: HTML's parser knows them.
    """
    if b"<!ENTITY" in data:
        return None
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        return None
    for element in root.iter(etree.Element):
        element.tag = local_name(element)
    return root


def _said(root: Any) -> Said:
    title = next((plain("".join(found.itertext())) for found in root.iter("title")), None)
    meta: dict[str, str] = {}
    for found in root.iter("meta"):
        name = found.get("name") or found.get("property") or ""
        meta.setdefault(name.casefold(), plain(found.get("content") or ""))
    created = next((meta[name] for name in _DATES if meta.get(name)), None)
    return Said(title or meta.get("og:title"), meta.get("author"), created)


class _Walk:
    """One walk over a document, in its order and without recursion."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._text: list[str] = []
        self._level = 0
        self._preformatted = 0
        # Of each list that is open: the number of its next item, 0 where items have no numbers.
        self._lists: list[int] = []
        self._mark = ""
        self._close = False

    def blocks(self) -> Iterator[Block]:
        walk = etree.iterwalk(self._root, events=("start", "end"))
        for event, element in walk:
            name = local_name(element)
            if event == "end":
                yield from self._leave(element, name)
            elif is_dropped(element, name) or name == "head":
                walk.skip_subtree()
            elif name == "table" and not is_layout(element):
                yield from self._flush()
                yield from blocks_of(grid_of(element))
                walk.skip_subtree()
            else:
                yield from self._enter(element, name)
        yield from self._flush()

    def _enter(self, element: Any, name: str) -> Iterator[Block]:
        if name in BLOCKS:
            yield from self._flush()
        if name in _HEADINGS:
            self._level = _HEADINGS[name]
        elif name in ("ul", "ol"):
            self._close = bool(self._lists)
            start = element.get("start", "1")
            first = int(start) if start.isdecimal() and len(start) < 7 else 1
            self._lists.append(first if name == "ol" else 0)
        elif name == "li":
            self._mark = self._next_mark()
        elif name == "pre":
            self._preformatted += 1
        elif name == "br":
            self._text.append("\n")
        elif name in ("img", "area"):
            self._text.append(f" {picture_text(element)} ")
        self._add(element.text)

    def _leave(self, element: Any, name: str) -> Iterator[Block]:
        if name in BLOCKS and not is_dropped(element, name):
            yield from self._flush()
            self._close = name in _ITEMS
            if name in _HEADINGS:
                self._level = 0
            elif name == "li":
                self._mark = ""
            elif name in ("ul", "ol") and self._lists:
                self._lists.pop()
                self._close = bool(self._lists)
            elif name == "pre":
                self._preformatted -= 1
        if element is not self._root:
            self._add(element.tail)

    def _next_mark(self) -> str:
        if not self._lists or not self._lists[-1]:
            return "• "
        self._lists[-1] += 1
        return f"{self._lists[-1] - 1}. "

    def _add(self, text: str | None) -> None:
        if text:
            self._text.append(text if self._preformatted else _SPACE.sub(" ", text))

    def _flush(self) -> Iterator[Block]:
        """Give what was gathered as a block, if that is any text."""
        if not self._text:
            return
        text = plain_lines("".join(self._text))
        self._text.clear()
        if text:
            yield Block(self._mark + text, self._level, close=self._close)
            self._mark, self._close = "", False

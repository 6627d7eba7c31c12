"""Whether bytes are text, and what kind of text: HTML, Markdown, a table, or plain."""

import codecs
import re
from collections.abc import Sequence
from pathlib import PurePath

from data.errors import UnsupportedFile

HTML = "text/html"
MARKDOWN = "text/markdown"
CSV = "text/csv"
PLAIN = "text/plain"

_BY_NAME = {
    **dict.fromkeys((".html", ".htm", ".xhtml", ".shtml"), HTML),
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".rmd", ".qmd"), MARKDOWN),
    **dict.fromkeys((".csv", ".tsv", ".tab"), CSV),
    **dict.fromkeys((".txt", ".text", ".log", ".rst", ".asc"), PLAIN),
}
# Names of what is never text: a text that has one is not what its owner takes it for.
_NEVER_TEXT = frozenset(
    ".pdf .docx .docm .dotx .pptx .pptm .ppsx .xlsx .xlsm .epub .odt .ods .odp .zip .gz .7z .rar "
    ".png .jpg .jpeg .gif .tif .tiff .webp .bmp .heic .mp3 .mp4 .mov .exe .dll .so .bin".split()
)
# Text that only a program can read: RTF, PostScript.
_FOREIGN = (b"{\\rtf", b"%!PS")

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What no text has: controls but for white space, the escape of colours in logs, and the end of
# files of old. One in 200 is a defect of a text; more are not text.
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1a\x1b\b"})
_MOST_CONTROLS = 0.005
# In UTF-16 without a mark, every other byte of a western text is zero.
_ZEROS_IN_UTF16 = 0.3

# A comment ends at its first "-->", however many there are: no dot may go beyond it.
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|div|table"
    r"|article|section|main|h[1-6]|p|center|font)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN = (
    re.compile(r"^#{1,6} \S", re.MULTILINE),
    re.compile(r"^(?:```|~~~)", re.MULTILINE),
    re.compile(r"\[[^\[\]\n]+\]\([^()\s]+\)"),
    re.compile(r"\*\*[^*\n]+\*\*"),
    re.compile(r"^\|?[ :]*-{3,}[ :]*\|", re.MULTILINE),
)
# Enough to tell Markdown and tables by.
_SAMPLE = 1 << 16
_ROWS = 20


def marked_encoding(data: bytes) -> str | None:
    """Return the encoding of Unicode that the first bytes tell, if they do."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    sample = data[:4096]
    if len(sample) < 2 or 0 not in sample:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > _ZEROS_IN_UTF16 * half and sample[::2].count(0) < half // 50 + 1:
        return "utf-16-le"
    if sample[::2].count(0) > _ZEROS_IN_UTF16 * half and sample[1::2].count(0) < half // 50 + 1:
        return "utf-16-be"
    return None


def is_binary(data: bytes, encoding: str | None = None) -> bool:
    """Tell whether these bytes are no text: the first ones, or any with their encoding."""
    encoding = encoding or marked_encoding(data)
    foreign = 0
    if encoding is not None and encoding != "utf-8":
        data = data.decode(encoding, errors="replace").encode(errors="replace")
        foreign = data.count("\ufffd".encode())
    foreign += len(data) - len(data.translate(None, _CONTROLS))
    return foreign > max(1, _MOST_CONTROLS * len(data))


def text_kind(head: bytes, filename: str) -> str:
    """Return the media type of a text that begins so; raises ``UnsupportedFile``."""
    suffix = PurePath(filename.casefold()).suffix
    if suffix in _NEVER_TEXT:
        raise UnsupportedFile(f"The file is named {suffix[:10]}, but it is text. Save it again.")
    if head.lstrip().startswith(_FOREIGN):
        raise UnsupportedFile
    encoding = marked_encoding(head)
    text = head.decode(encoding or "latin-1", errors="replace").removeprefix("\ufeff")
    if _HTML.match(text):
        return HTML
    if suffix in _BY_NAME:
        return _BY_NAME[suffix]
    text = text[:_SAMPLE]
    if sum(bool(sign.search(text)) for sign in _MARKDOWN) >= 2:
        return MARKDOWN
    return CSV if _is_table(text.splitlines()[:-1]) else PLAIN


def _is_table(lines: Sequence[str]) -> bool:
    """Tell whether each of the first lines has equally many cells, three or more."""
    rows = [line for line in lines if line.strip()][:_ROWS]
    if len(rows) < 3:
        return False
    return any(
        rows[0].count(delimiter) >= 2 and len({row.count(delimiter) for row in rows}) == 1
        for delimiter in "\t;,|"
    )

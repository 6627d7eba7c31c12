"""PDFs of plain paragraphs in any script, without a font of their own.

Readers of the text take it from the ToUnicode map; what a viewer draws depends on its fonts.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

_SIZE = 10.0
_LEADING = 14.0
_MARGIN = 50.0
_WIDTH, _HEIGHT = 595.0, 842.0
# Of a thousandth of the size.
_WIDE, _NARROW = 1000, 520
# A word with the space behind it, or a sign of a script without spaces.
_PIECE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]|[^\s\u2e80-\u9fff\uff00-\uffef]+\s*|\s+")
_BFCHARS = 100


def plain_pdf(pages: Sequence[str]) -> bytes:
    """Return a PDF with each text on a page of its own; the same bytes every time."""
    signs = sorted({*"".join(pages), " "})
    codes = {sign: number for number, sign in enumerate(signs, start=1)}
    first = 7
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H"
        b" /DescendantFonts [4 0 R] /ToUnicode 6 0 R >>",
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /FontDescriptor 5 0 R"
        f" /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /DW {_NARROW} /W [1 [{' '.join(str(_width(sign)) for sign in signs)}]] >>".encode(),
        b"<< /Type /FontDescriptor /FontName /Plain /Flags 4 /FontBBox [0 -250 1000 900]"
        b" /ItalicAngle 0 /Ascent 900 /Descent -250 /CapHeight 700 /StemV 80 >>",
        _stream(_to_unicode(codes)),
    ]
    for number, text in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH:g} {_HEIGHT:g}]"
            f" /Resources << /Font << /F1 3 0 R >> >>"
            f" /Contents {first + 1 + 2 * number} 0 R >>".encode()
        )
        objects.append(_stream(_content(text, codes)))
    return _file(objects)


def _width(sign: str) -> int:
    return _WIDE if unicodedata.east_asian_width(sign) in "WF" else _NARROW


def _content(text: str, codes: dict[str, int]) -> bytes:
    shown = ["BT", f"/F1 {_SIZE:g} Tf {_LEADING:g} TL {_MARGIN:g} {_HEIGHT - _MARGIN:g} Td"]
    for line in _lines(text):
        string = "".join(f"{codes[sign]:04X}" for sign in line)
        shown.append(f"<{string}> Tj T*")
    shown.append("ET")
    return "\n".join(shown).encode()


def _lines(text: str) -> Iterator[str]:
    """Yield the lines that fit between the margins."""
    room = (_WIDTH - 2 * _MARGIN) * 1000 / _SIZE
    line, used = "", 0
    for piece in _PIECE.findall(" ".join(text.split())):
        width = sum(map(_width, piece))
        if line and used + width > room:
            yield line.rstrip()
            line, used = "", 0
        line, used = line + piece, used + width
    if line.strip():
        yield line.rstrip()


def _to_unicode(codes: dict[str, int]) -> bytes:
    rows = [f"<{code:04X}> <{sign.encode('utf-16-be').hex()}>" for sign, code in codes.items()]
    parts = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CMapName /Plain def /CMapType 2 def",
        "1 begincodespacerange <0000> <FFFF> endcodespacerange",
    ]
    for start in range(0, len(rows), _BFCHARS):
        some = rows[start : start + _BFCHARS]
        parts += [f"{len(some)} beginbfchar", *some, "endbfchar"]
    parts.append("endcmap CMapName currentdict /CMap defineresource pop end end")
    return "\n".join(parts).encode()


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _file(objects: Iterable[bytes]) -> bytes:
    body = bytearray(b"%PDF-1.7\n")
    places = []
    for number, written in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(places) + 1,
        start,
    )
    return bytes(body)

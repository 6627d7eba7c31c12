"""Files made to hurt who reads them, byte by byte."""

import struct
import zlib

_BLOCK = 1 << 24
HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def pdf(*objects: bytes, trailer: bytes = b"", version: bytes = b"1.7") -> bytes:
    """Return a file of these objects, numbered from 1; the first one is the catalogue."""
    out = bytearray(b"%PDF-" + version + b"\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R%b>>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<</Length %d%b>>stream\n%b\nendstream" % (len(data), entries, data)


def one_page(
    content: bytes,
    *more: bytes,
    box: bytes = b"[0 0 612 792]",
    resources: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """Return a file whose only page has this content object (4 0 R), and more from 6 on."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox%b/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>%b>>>>" % (box, resources),
        content,
        HELVETICA,
        *more,
        trailer=trailer,
    )


def text(words: bytes) -> bytes:
    """Return a content stream that shows some words."""
    return stream(b"BT /F 12 Tf 72 700 Td (%b) Tj ET" % words)


def deflated(size: int, unit: bytes = b"\0", rounds: int = 1) -> bytes:
    """Return about ``size`` bytes under so many Flate filters; soon made, however many."""
    squeeze = zlib.compressobj(9)
    start = squeeze.compress(unit) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(unit * (_BLOCK // len(unit))) + squeeze.flush(zlib.Z_FULL_FLUSH)
    # After a full flush the same block may come again. The checksum is wrong; nobody minds.
    data = start + block * (size // _BLOCK) + squeeze.flush()
    for _ in range(rounds - 1):
        data = zlib.compress(data, 9)
    return data


def flate(data: bytes, rounds: int = 1) -> bytes:
    """Return a stream object under so many Flate filters."""
    return stream(data, b"/Filter[%b]" % (b"/FlateDecode" * rounds))


def many_pages(count: int, declared: int | None = None) -> bytes:
    """Return a file of tiny pages that share one content stream."""
    kids = b" ".join(b"%d 0 R" % (5 + page) for page in range(count))
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 3 0 R"
        b"/Resources<</Font<</F 4 0 R>>>>>>"
    )
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, declared or count),
        stream(b"BT /F 1 Tf 1 1 Td (x) Tj ET"),
        HELVETICA,
        *([page] * count),
    )


def page_tree(*nodes: bytes) -> bytes:
    """Return a file with these nodes of the page tree, numbered from 2; the first is the root."""
    return pdf(b"<</Type/Catalog/Pages 2 0 R>>", *nodes)


def form(content: bytes, inner: int) -> bytes:
    """Return a form that may draw the form with this object number, as X."""
    return stream(
        content,
        b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
        b"/Resources<</XObject<</X %d 0 R>>/Font<</F 5 0 R>>>>" % inner,
    )


def titled(title: bytes) -> bytes:
    """Return a file whose title is this object."""
    return one_page(text(b"x"), b"<</Title%b>>" % title, trailer=b"/Info 6 0 R")


def object_stream_bomb(size: int) -> bytes:
    """Return a file whose catalogue lies in an object stream with so many bytes behind it."""
    out = bytearray(b"%PDF-1.7\n")
    bomb = deflated(size, b"1 0 <</Type/Catalog/Pages 2 0 R>> ")
    bodies = {
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        4: stream(bomb, b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode"),
    }
    places = {}
    for number, body in bodies.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    rows = [(0, 0, 65535), (2, 4, 0), *((1, place, 0) for place in places.values()), (1, start, 0)]
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    index = stream(table, b"/Type/XRef/W[1 4 2]/Size 6/Root 1 0 R")
    return bytes(out + b"5 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (index, start))

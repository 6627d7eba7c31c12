"""What a parser and its parent say to each other: frames over pipes, and no pickle.

A frame is two lengths (uint32, little-endian), a header in JSON and a payload of bytes.
"""

import json
import math
import struct
from dataclasses import asdict
from typing import Any, BinaryIO, NamedTuple

from data.contents import FileFacts, Line, LineKind, OutlineEntry, Page

LENGTHS = struct.Struct("<II")
# A header is small, whoever sends it: JSON of many small lists would be a hundred times as large.
HEADER_LIMIT = 1 << 16
# Start, end, size, whether it is bold, the number of its kind.
_LINE = struct.Struct("<IId?B")
_KINDS = tuple(LineKind)
# What a file says of itself is cut to so many characters and entries.
_LONGEST = 500
_MOST_ENTRIES = 5_000


class Frame(NamedTuple):
    """One message: what JSON can say, and bytes beside it."""

    header: dict[str, Any]
    payload: bytes = b""


def encoded(frame: Frame) -> bytes:
    """Return the frame as bytes."""
    header = json.dumps(frame.header, ensure_ascii=False, separators=(",", ":")).encode()
    return LENGTHS.pack(len(header), len(frame.payload)) + header + frame.payload


def frame_in(buffer: bytearray, limit: int) -> Frame | None:
    """Take the first frame out of the buffer, or return nothing while it is not complete.

    Raises ``ValueError`` for what is no frame, has a header over ``HEADER_LIMIT``, or is longer
    than ``limit``.
    """
    if len(buffer) < LENGTHS.size:
        return None
    header_length, payload_length = LENGTHS.unpack_from(buffer)
    body = LENGTHS.size + header_length
    end = body + payload_length
    if header_length > HEADER_LIMIT or end > limit:
        raise ValueError("The frame is longer than any that is expected.")
    if len(buffer) < end:
        return None
    with memoryview(buffer) as view:
        header, payload = bytes(view[LENGTHS.size : body]), bytes(view[body:end])
    del buffer[:end]
    parsed = json.loads(header)
    if not isinstance(parsed, dict):
        raise ValueError("The frame has no header.")  # noqa: TRY004 - the sender's fault, not ours
    return Frame(parsed, payload)


def read_frame(stream: BinaryIO) -> Frame | None:
    """Wait for the next frame, or return nothing at the end of the stream."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header_length, payload_length = LENGTHS.unpack(lengths)
    return Frame(json.loads(stream.read(header_length)), stream.read(payload_length))


def frame_of_page(page: Page) -> Frame:
    """Return a page as a frame; the text travels beside its lines and boxes, in UTF-8."""
    text = page.text.encode()
    lines = b"".join(
        _LINE.pack(line.start, line.end, line.size, line.bold, _KINDS.index(line.kind))
        for line in page.lines
    )
    header = {
        "page": page.number, "text": len(text), "lines": len(page.lines),
        "ocr": page.ocr, "ocr_seconds": page.ocr_seconds, "warning": page.warning,
        "label": page.label,
    }  # fmt: skip
    return Frame(header, text + lines + page.boxes)


def page_of_frame(frame: Frame) -> Page:
    """Return the page that a frame carries, or raise ``ValueError``, ``KeyError`` and the like."""
    header, payload = frame.header, frame.payload
    lines_at = int(header["text"])
    boxes_at = lines_at + _LINE.size * int(header["lines"])
    if not 0 <= lines_at <= boxes_at <= len(payload):
        raise ValueError("The page is not as long as its header says.")
    text = payload[:lines_at].decode()
    if "\0" in text:
        # PostgreSQL would refuse it.
        raise ValueError("The page's text has a NUL.")
    warning = header["warning"]
    return Page(
        number=int(header["page"]),
        text=text,
        boxes=payload[boxes_at:],
        lines=tuple(
            Line(start, end, finite(size), bold, _KINDS[kind])
            for start, end, size, bold, kind in _LINE.iter_unpack(payload[lines_at:boxes_at])
        ),
        ocr=bool(header["ocr"]),
        warning=None if warning is None else str(warning),
        ocr_seconds=finite(header["ocr_seconds"]),
        label=_said(header["label"]),
    )


def frame_of_facts(facts: FileFacts) -> Frame:
    """Return what a file says of itself as a frame."""
    return Frame({"pages": facts.pages}, json.dumps(asdict(facts)).encode())


def facts_of_frame(frame: Frame) -> FileFacts:
    """Return the facts that a frame carries, or raise ``ValueError``, ``KeyError`` and the like."""
    said = json.loads(frame.payload)
    outline = tuple(
        OutlineEntry(int(entry["page"]), int(entry["level"]), _said(entry["title"]) or "")
        for entry in said["outline"][:_MOST_ENTRIES]
    )
    return FileFacts(
        pages=int(said["pages"]),
        title=_said(said["title"]),
        author=_said(said["author"]),
        created=_said(said["created"]),
        outline=outline,
    )


def _said(said: object) -> str | None:
    """Return what a process says that may be in a stranger's hands: short, and storable."""
    if said is None:
        return None
    return str(said)[:_LONGEST].encode(errors="replace").decode().replace("\0", "")


def finite(number: float) -> float:
    """Return the number, or 0 for what is none: no JSON column takes it."""
    return float(number) if math.isfinite(number) else 0.0

"""What a parser and its parent say to each other: frames over pipes, and no pickle.

A frame is two lengths (uint32, little-endian), a header in JSON and a payload of bytes.
"""

import json
import struct
from typing import Any, BinaryIO, NamedTuple

from data.contents import Line, Page

LENGTHS = struct.Struct("<II")


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

    Raises ``ValueError`` for what is no frame, or is longer than ``limit``.
    """
    if len(buffer) < LENGTHS.size:
        return None
    header_length, payload_length = LENGTHS.unpack_from(buffer)
    body = LENGTHS.size + header_length
    end = body + payload_length
    if end > limit:
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
    """Return a page as a frame; the text travels beside its boxes, in UTF-8."""
    text = page.text.encode()
    lines = [[line.start, line.end, line.size, line.bold] for line in page.lines]
    header = {
        "page": page.number, "text": len(text), "lines": lines,
        "ocr": page.ocr, "warning": page.warning,
    }  # fmt: skip
    return Frame(header, text + page.boxes)


def page_of_frame(frame: Frame) -> Page:
    """Return the page that a frame carries, or raise ``ValueError`` or ``KeyError``."""
    header, length = frame.header, int(frame.header["text"])
    warning = header["warning"]
    return Page(
        number=int(header["page"]),
        text=frame.payload[:length].decode(),
        boxes=frame.payload[length:],
        lines=tuple(
            Line(int(start), int(end), float(size), bool(bold))
            for start, end, size, bold in header["lines"]
        ),
        ocr=bool(header["ocr"]),
        warning=None if warning is None else str(warning),
    )

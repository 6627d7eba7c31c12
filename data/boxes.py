"""Where each character of a page stands, packed small.

Version 1: the byte 1, the number of characters (uint32, little-endian), then a zlib stream.
In it, eight planes of bytes make four columns of uint16, where 0 to 65535 is 0 to 1 of the
displayed page's width or height: the rise of the top (y0) and of the bottom (y1) against the
character before, the step from its right edge (x1) to this left edge (x0), and the width.
All wrap around at 65536. Each column is its low bytes, then its high bytes; text that runs along
a line is mostly zeros then, which is why it packs to about two bytes a character.
A character without a place (a line break) has the empty box: width and height are zero.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from data.contents import Box

# Shape (characters, 4): x0, y0, x1, y1 as fractions from the top left of the page.
Boxes = npt.NDArray[np.float32]

VERSION = 1
HEADER = struct.Struct("<BI")
FULL = 65535
# What a packed page may unpack to: no page has more characters than this.
MAX_CHARACTERS = 16_000_000


def pack(boxes: Boxes) -> bytes:
    """Return the boxes as bytes; what lies outside the page is moved to its edge."""
    clamped = np.clip(np.nan_to_num(boxes.reshape(-1, 4)), 0.0, 1.0)
    x0, y0, x1, y1 = np.rint(clamped.T * FULL).astype(np.uint16)
    before = np.concatenate([np.zeros(1, np.uint16), x1[:-1]]) if len(x1) else x1
    columns = np.stack(
        [np.diff(y0, prepend=_ZERO), np.diff(y1, prepend=_ZERO), x0 - before, x1 - x0]
    )
    low, high = (columns & 0xFF).astype(np.uint8), (columns >> 8).astype(np.uint8)
    planes = np.stack([low, high], axis=1).tobytes()
    return HEADER.pack(VERSION, len(x0)) + zlib.compress(planes, level=1)


def unpack(packed: bytes) -> Boxes:
    """Return the boxes of all characters, or raise ``ValueError`` when these are none."""
    if len(packed) < HEADER.size or packed[0] != VERSION:
        raise ValueError("These are not packed boxes of version 1.")
    _, count = HEADER.unpack_from(packed)
    if count > MAX_CHARACTERS:
        raise ValueError("These are more boxes than a page has.")
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(packed[HEADER.size :], 8 * count + 1)
    except zlib.error as error:
        raise ValueError("The packed boxes are damaged.") from error
    if len(raw) != 8 * count:
        raise ValueError("The packed boxes are damaged.")
    planes = np.frombuffer(raw, np.uint8).reshape(4, 2, count)
    columns = planes[:, 1].astype(np.uint16)
    columns <<= 8
    columns |= planes[:, 0]
    widths = columns[3]
    columns[2] += widths
    y0, y1, x1 = np.cumsum(columns[:3], axis=1, dtype=np.uint16)
    boxes = np.empty((count, 4), np.float32)
    for corner, column in enumerate((x1 - widths, y0, x1, y1)):
        boxes[:, corner] = column
    boxes /= np.float32(FULL)
    return boxes


def boxes_of(packed: bytes, start: int, end: int) -> list[Box]:
    """Return one box for each line that the characters from ``start`` to ``end`` stand on."""
    return merged(unpack(packed)[max(start, 0) : max(end, 0)])


def merged(boxes: Boxes) -> list[Box]:
    """Return one box for each line of these characters, in their order.

    A line ends at an empty box, and where a character stands neither beside nor under its
    predecessor: the two halves of a word whose line-end hyphen was repaired.
    """
    inked = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    kept = boxes[inked]
    if not len(kept):
        return []
    # A change of this count between two kept characters means that an empty one lay between.
    gaps = np.diff(np.cumsum(~inked)[inked]) > 0
    starts = np.concatenate([[0], np.flatnonzero(gaps | _apart(kept)) + 1])
    corners = np.concatenate(
        [np.minimum.reduceat(kept[:, :2], starts), np.maximum.reduceat(kept[:, 2:], starts)], axis=1
    )
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in corners.astype(float).round(5).tolist()]


def _apart(boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Return where a box shares less than 30 % of both directions with the one before it."""
    low = np.maximum(boxes[1:, :2], boxes[:-1, :2])
    high = np.minimum(boxes[1:, 2:], boxes[:-1, 2:])
    sizes = boxes[:, 2:] - boxes[:, :2]
    shared = (high - low) / np.minimum(sizes[1:], sizes[:-1])
    along, across = shared[:, 0], shared[:, 1]
    return np.asarray((along < _SHARED) & (across < _SHARED))


_ZERO = np.uint16(0)
_SHARED = 0.3

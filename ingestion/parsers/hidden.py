"""Text of a page that no reader sees: invisible, of no size, or in the colour of the paper."""

import ctypes
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from data.boxes import Boxes
from ingestion.parsers.backdrops import Backdrops
from ingestion.parsers.bindings import address, prototype
from ingestion.parsers.cleaning import Codes, Indices

Mask = npt.NDArray[np.bool_]

_SPACE = 0x20
# Every so many words are looked at; where one of them can't be seen, all are.
_STEP = 3
_INVISIBLE = 3
# Modes in which the colour that fills the letters is all there is to see.
_FILLED = (0, 4)
_WHITE = 242
# Smaller in both directions, in points and as a share of the page's side, a letter is a speck.
_SPECK = 1.0
_SHARE = 0.002
# So many letters in one place, one over the other, can't be read.
_STACKED = 3


def hidden(page: Any, text_page: Any, codes: Codes, rects: Boxes) -> Mask:
    """Return which characters can't be seen.

    Invisible text over a picture is what OCR read there, and counts as seen; so does white text
    over anything that is not white.
    """
    tall = max(pdfium.FPDF_GetPageHeightF(page), pdfium.FPDF_GetPageWidthF(page))
    found = _specks(codes, rects, min(_SPECK, _SHARE * tall)) | _stacked(codes, rects)
    starts = _starts(codes, rects)
    if not len(starts) or not _looks(text_page, starts[::_STEP]).any():
        return found
    looks = _looks(text_page, starts)
    backdrops = Backdrops.of(page)
    at = starts[looks > 0]
    middles = np.stack([rects[at, ::2].mean(axis=1), rects[at, 1::2].mean(axis=1)], axis=1)
    seen = np.where(
        looks[looks > 0] == _INVISIBLE, backdrops.has_picture(middles), backdrops.is_dark(middles)
    )
    words = looks > 0
    words[words] = ~seen
    lengths = np.diff(starts, append=len(codes))
    found[starts[0] :] |= np.repeat(words, lengths)
    return found


def _starts(codes: Codes, rects: Boxes) -> Indices:
    """Return where words start: behind white space, or away from the character before."""
    inked = codes > _SPACE
    new = inked.copy()
    new[1:] &= ~inked[:-1]
    left, _, right, _ = rects.T
    height = np.abs(rects[:, 1] - rects[:, 3])
    away = (np.abs(left[1:] - right[:-1]) > height[1:]) | (
        np.abs(rects[1:, 3] - rects[:-1, 3]) > height[1:]
    )
    new[1:] |= inked[1:] & away
    return np.flatnonzero(new)


def _looks(text_page: Any, starts: Indices) -> npt.NDArray[np.int64]:
    """Return for each of these characters 0 if it is seen, 3 if invisible, 1 if white or clear."""
    object_of = prototype("FPDFText_GetTextObject", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    mode_of = prototype("FPDFTextObj_GetTextRenderMode", ctypes.c_int, ctypes.c_void_p)
    color_of = prototype("FPDFPageObj_GetFillColor", ctypes.c_int, *[ctypes.c_void_p] * 5)
    owners = list(map(object_of, repeat(address(text_page), len(starts)), starts.tolist()))
    things = list(dict.fromkeys(owner for owner in owners if owner))
    modes = np.fromiter(map(mode_of, things), np.int64, len(things))
    colors = np.zeros((len(things), 4), np.uint32)
    base, end = colors.ctypes.data, colors.ctypes.data + colors.nbytes
    red, green, blue, alpha = (range(base + 4 * part, end, 16) for part in range(4))
    known = np.fromiter(map(color_of, things, red, green, blue, alpha), np.int64, len(things)) > 0
    pale = known & (((colors[:, :3] >= _WHITE).all(axis=1)) | (colors[:, 3] == 0))
    looks = np.where(modes == _INVISIBLE, _INVISIBLE, pale & np.isin(modes, _FILLED))
    numbers = {thing: number for number, thing in enumerate(things)}
    return np.array([looks[numbers[owner]] if owner else 0 for owner in owners], np.int64)


def _specks(codes: Codes, rects: Boxes, size: float) -> Mask:
    """Return the characters that are too small to be read, however they are turned."""
    sizes = np.maximum(np.abs(rects[:, 2] - rects[:, 0]), np.abs(rects[:, 1] - rects[:, 3]))
    return np.asarray((codes > _SPACE) & (sizes > 0) & (sizes < size))


def _stacked(codes: Codes, rects: Boxes) -> Mask:
    """Return the characters without width that stand one over the other."""
    flat = (codes > _SPACE) & (rects[:, 0] == rects[:, 2]) & (rects[:, 1] != rects[:, 3])
    if not flat.any():
        return np.asarray(flat)
    same = np.zeros(len(codes), bool)
    same[1:] = flat[1:] & flat[:-1] & (rects[1:] == rects[:-1]).all(axis=1)
    runs = np.cumsum(~same)
    lengths = np.bincount(runs)[runs]
    return np.asarray(flat & (lengths >= _STACKED))

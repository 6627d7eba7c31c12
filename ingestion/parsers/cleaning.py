"""The characters of a page, cleaned: text and boxes stay aligned, one box for each code point."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.boxes import Boxes

Codes = npt.NDArray[np.uint32]
Indices = npt.NDArray[np.int64]

_LF, _SPACE, _HYPHEN, _SOFT_HYPHEN, _PDFIUM_HYPHEN = 0x0A, 0x20, 0x2D, 0xAD, 0xFFFE
KEEP, DROP, AS_SPACE, AS_LF = range(4)
_LINE_ENDS = (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_SPACES = (0x09, 0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
# Controls, zero-width and bidirectional marks, variation selectors, what is no character.
_DROPPED = (
    (0x00, 0x1F), (0x7F, 0x9F), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160),
    (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
    (0x3164, 0x3164), (0xD800, 0xDFFF), (0xFDD0, 0xFDEF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xFFFF, 0xFFFF),
)  # fmt: skip
# The Latin ones only: those of other scripts are letters.
_LIGATURES = (0xFB00, 0xFB06)
# Bullets, squares, arrows and ticks of Symbol and Wingdings, in the codes of their fonts.
_BULLETS = (
    0xF06C, 0xF06E, 0xF071, 0xF075, 0xF076, 0xF077, 0xF09F, 0xF0A7, 0xF0A8, 0xF0B7, 0xF0D8,
    0xF0E0, 0xF0F0, 0xF0FC,
)  # fmt: skip
_BULLET = 0x2022
# Unicode tags and the variation selectors beside them: invisible, so they can hide words.
TAGS = (0xE0000, 0xE0FFF)

_WHITE = re.compile(r"[ \n]{2,}|\A[ \n]+|[ \n]+\Z")
_LINE_END_HYPHEN = re.compile("[\ufffe\u00ad](?: *\n[ \n]*)?|-(?= *\n) *\n[ \n]*")
# How far back and ahead the parts of a divided word are looked for.
_WORD = 60


class Characters(NamedTuple):
    """Code points, their boxes, and the parser's own index of each."""

    codes: Codes
    boxes: Boxes
    source: Indices

    @property
    def text(self) -> str:
        """The code points as text."""
        return self.codes.astype("<u4").tobytes().decode("utf-32-le")

    def where(self, mask: npt.NDArray[np.bool_]) -> "Characters":
        """Return only those characters."""
        return Characters(self.codes[mask], self.boxes[mask], self.source[mask])


def cleaned(codes: Codes, boxes: Boxes) -> Characters:
    """Return what can be read of these characters, in composed form (NFC), with LF line ends.

    Words divided at a line end are whole again, runs of white space are one space or one line
    end, and what can't be seen (controls, marks, tags, unpaired surrogates) is gone.
    """
    characters = Characters(codes.copy(), boxes.copy(), np.arange(len(codes)))
    characters = _without_invisible(_with_whole_surrogates(characters))
    characters = _without_ligatures(characters)
    characters = with_repaired_words(characters)
    characters = _with_single_spaces(characters)
    return _placed(_composed(characters))


def _with_whole_surrogates(characters: Characters) -> Characters:
    """Join the halves of surrogate pairs; the class table drops the others."""
    codes, boxes, _ = characters
    high, low = (codes & 0xFFFFFC00) == 0xD800, (codes & 0xFFFFFC00) == 0xDC00
    if not high.any():
        return characters
    first = np.flatnonzero(high[:-1] & low[1:])
    codes[first] = 0x10000 + ((codes[first] - 0xD800) << 10) + (codes[first + 1] - 0xDC00)
    boxes[first] = _union(boxes[first], boxes[first + 1])
    keep = np.ones(len(codes), bool)
    keep[first + 1] = False
    return characters.where(keep)


def _without_invisible(characters: Characters) -> Characters:
    codes = characters.codes
    kinds = treatments()[np.minimum(codes, 0xFFFF)]
    wide = codes > 0xFFFF
    if wide.any():
        hidden = ((codes >= TAGS[0]) & (codes <= TAGS[1])) | (codes > 0x10FFFF)
        kinds[wide] = np.where(hidden | ((codes & 0xFFFE) == 0xFFFE), DROP, KEEP)[wide]
    codes[np.isin(codes, _BULLETS)] = _BULLET
    codes[kinds == AS_SPACE] = _SPACE
    codes[kinds == AS_LF] = _LF
    return characters.where(kinds != DROP)


@cache
def treatments() -> npt.NDArray[np.uint8]:
    """Return what becomes of each code point of the basic plane: KEEP, DROP, AS_SPACE, AS_LF."""
    kinds = np.full(0x10000, KEEP, np.uint8)
    for first, last in _DROPPED:
        kinds[first : last + 1] = DROP
    kinds[list(_SPACES)] = AS_SPACE
    kinds[list(_LINE_ENDS)] = AS_LF
    return kinds


def _without_ligatures(characters: Characters) -> Characters:
    """Return the characters with "fi" for its ligature; each letter has its part of the box."""
    codes, boxes, source = characters
    found = (codes >= _LIGATURES[0]) & (codes <= _LIGATURES[1])
    if not found.any():
        return characters
    letters = {int(code): unicodedata.normalize("NFKC", chr(code)) for code in codes[found]}
    counts = np.ones(len(codes), np.int64)
    counts[found] = [len(letters[int(code)]) for code in codes[found]]
    owners = np.repeat(np.arange(len(codes)), counts)
    parts = np.arange(len(owners)) - (np.cumsum(counts) - counts)[owners]
    codes = codes[owners]
    codes[found[owners]] = [
        ord(letter) for code in characters.codes[found] for letter in letters[int(code)]
    ]
    boxes = boxes[owners]
    left, width = boxes[:, 0].copy(), (boxes[:, 2] - boxes[:, 0]) / counts[owners]
    boxes[:, 0] = left + width * parts
    # The last letter ends where the ligature did, to the last bit.
    ends = parts == counts[owners] - 1
    boxes[:, 2] = np.where(ends, boxes[:, 2], left + width * (parts + 1))
    return Characters(codes, boxes, source[owners])


def with_repaired_words(characters: Characters) -> Characters:
    """Make words whole that a hyphen divides at a line end; the line then ends behind the word.

    PDFium gives U+FFFE for a hyphen at a line end and leaves the line end out, whether the
    hyphen is the word's own or not. It stays where the parts say so: "COVID-19", "non-GAAP",
    "state-of-the-art".
    """
    text, codes = characters.text, characters.codes
    keep = np.ones(len(codes), bool)
    for found in _LINE_END_HYPHEN.finditer(text):
        at, end = found.span()
        if text[at] == "-":
            if not (text[at - 1 : at].islower() and text[end : end + 1].islower()):
                continue
        elif text[at] == "\ufffe" and _is_own_hyphen(text, at, end):
            codes[at] = _HYPHEN
            at += 1
        keep[at:end] = False
        if text[found.start()] == "\ufffe" or end > found.start() + 1:
            space = text.find(" ", end, end + _WORD)
            if space >= 0 and "\n" not in text[end:space]:
                codes[space] = _LF
    return characters.where(keep)


def _is_own_hyphen(text: str, at: int, end: int) -> bool:
    """Tell whether the hyphen at a line end would be there within a line too."""
    left, right = text[at - 1 : at], text[end : end + 1]
    if not (left.isalpha() and right.isalpha()):
        return True
    if right.isupper() and left.islower():
        return True
    return "-" in text[max(0, at - _WORD) : at].rpartition(" ")[2].rpartition("\n")[2]


def _with_single_spaces(characters: Characters) -> Characters:
    text = characters.text
    keep = np.ones(len(text), bool)
    for run in _WHITE.finditer(text):
        first, end = run.span()
        keep[first:end] = False
        if first > 0 and end < len(text):
            keep[max(first, text.find("\n", first, end))] = True
    return characters.where(keep)


def _composed(characters: Characters) -> Characters:
    """Return the characters in NFC; what is composed of several has the box around them."""
    text = characters.text
    if unicodedata.is_normalized("NFC", text):
        return characters
    pieces: list[str] = []
    owners: list[int] = []
    boxes = characters.boxes
    starts = [at for at, character in enumerate(text) if at == 0 or not _joins(character)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = unicodedata.normalize("NFC", text[start:end])
        for other in range(start + 1, end):
            boxes[start] = _union(boxes[start : start + 1], boxes[other : other + 1])[0]
        pieces.append(piece)
        owners.extend([start] * len(piece))
    codes = np.frombuffer("".join(pieces).encode("utf-32-le"), "<u4").astype(np.uint32)
    return Characters(codes, boxes[owners], characters.source[owners])


def _joins(character: str) -> bool:
    """Tell whether a character may melt into the one before: a mark, or a part of a syllable."""
    return unicodedata.combining(character) != 0 or "\u1161" <= character <= "\u11ff"


def _placed(characters: Characters) -> Characters:
    """Give line ends no box, and spaces that PDFium made up the gap that they stand for."""
    codes, boxes, _ = characters
    boxes[codes == _LF] = 0
    empty = (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
    spaces = np.flatnonzero(empty & (codes == _SPACE))
    # A page neither starts nor ends with a space.
    before, after = boxes[spaces - 1], boxes[spaces + 1] if len(spaces) else boxes[spaces]
    gap = np.stack([before[:, 2], before[:, 1], after[:, 0], before[:, 3]], axis=1)
    boxes[spaces] = np.where(gap[:, 2:3] > gap[:, 0:1], gap, before)
    return characters


def _union(one: Boxes, other: Boxes) -> Boxes:
    """Return the boxes around both; an empty one adds nothing."""
    around = np.concatenate(
        [np.minimum(one[:, :2], other[:, :2]), np.maximum(one[:, 2:], other[:, 2:])], axis=1
    )
    around = np.where(_area(other) > 0, around, one)
    return np.asarray(np.where(_area(one) > 0, around, other))


def _area(boxes: Boxes) -> Boxes:
    return ((boxes[:, 2:3] - boxes[:, 0:1]) * (boxes[:, 3:4] - boxes[:, 1:2])).astype(np.float32)

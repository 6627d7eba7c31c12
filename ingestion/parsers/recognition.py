"""What a strip of a picture says, and where along it each character stands."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ingestion.parsers.models import Floats, Model
from ingestion.parsers.rendering import Pixels
from ingestion.parsers.strips import Points, Strip

# The model sees lines of this height; longer ones than the widest are squeezed.
_HEIGHT = 48
_WIDEST = 4096
_NARROWEST = 16
# Columns of lines that are read together; one thread gains nothing from more.
_BATCH = 4096


class Words(NamedTuple):
    """What a strip says."""

    text: str
    # Where each character starts and ends, as fractions of the strip's width.
    edges: Points
    # How sure the model is, on average: 0 to 1.
    certainty: float


class Recogniser:
    """Reads strips with a model of PP-OCR, for Latin scripts, Chinese and Japanese."""

    def __init__(self) -> None:
        self._model = Model("PP-OCRv6_rec_small.onnx")
        self._characters = self._model.characters

    def words(self, pixels: Pixels, strips: Sequence[Strip]) -> list[Words]:
        """Return what each strip says; many say nothing."""
        widths = [columns(strip) for strip in strips]
        said: dict[int, Words] = {}
        for batch in _batches(widths):
            # White space is in the middle of the levels for the model.
            lines = np.zeros((len(batch), 3, _HEIGHT, widths[batch[-1]]), np.float32)
            for line, index in zip(lines, batch, strict=True):
                cut = _cut(pixels, strips[index], widths[index])
                line[:, :, : widths[index]] = cut.astype(np.float32) / 127.5 - 1
            for index, classes in zip(batch, self._model.run(lines), strict=True):
                said[index] = self._decoded(classes, lines.shape[3] / widths[index])
        return [said[index] for index in range(len(strips))]

    def _decoded(self, classes: Floats, wider: float) -> Words:
        """Return what the classes of a line's columns say (CTC, the likeliest of each).

        The picture that the columns span is so much wider than the line in it.
        """
        best = classes.argmax(axis=1)
        # A character is where it comes up; the columns that repeat it belong to it.
        fresh = np.flatnonzero((best != 0) & (np.diff(best, prepend=0) != 0))
        if not len(fresh):
            return Words("", np.zeros((0, 2)), 0.0)
        changes = np.append(np.flatnonzero(np.diff(best)) + 1, len(best))
        ends = changes[np.searchsorted(changes, fresh, side="right")]
        middles = np.minimum((fresh + ends) / 2 * wider / len(best), 1)
        borders = np.concatenate([[0.0], (middles[1:] + middles[:-1]) / 2, [1.0]])
        certainty = float(classes[fresh, best[fresh]].mean())
        text = "".join(self._characters[index] for index in best[fresh])
        return Words(text, np.stack([borders[:-1], borders[1:]], axis=1), certainty)


def columns(strip: Strip) -> int:
    """Return how many columns the model has to read of a strip: its cost."""
    return int(min(max(_HEIGHT * strip.width / strip.height, _NARROWEST), _WIDEST))


def _batches(widths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the strips that are read together, alike in width, the widest of them last."""
    batch: list[int] = []
    for index in sorted(range(len(widths)), key=lambda index: widths[index]):
        if batch and (len(batch) + 1) * widths[index] > _BATCH:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _cut(pixels: Pixels, strip: Strip, width: int) -> Pixels:
    """Return a strip of the picture, level, in the size that the model reads."""
    natural = (max(1, math.ceil(strip.width)), max(1, math.ceil(strip.height)))
    corners = strip.corners(np.array([[0.0, 1.0]]))[0]
    target = np.array([[0, 0], [natural[0], 0], [0, natural[1]]], np.float32)
    level = cv2.getAffineTransform(corners[[0, 1, 3]].astype(np.float32), target)
    cut = cv2.warpAffine(
        pixels, level, natural, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    smaller = cut.shape[0] > _HEIGHT
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (width, _HEIGHT), interpolation=how), np.uint8)

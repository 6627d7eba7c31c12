"""Optical character recognition: what a picture says, line by line."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ingestion.parsers.detection import Detector
from ingestion.parsers.reading_order import rows_in_order
from ingestion.parsers.recognition import Recogniser, Words, columns
from ingestion.parsers.rendering import OcrFailed, Pixels
from ingestion.parsers.strips import Strip, around, rotated

# A line that is read with less certainty is a part of a picture.
_CERTAIN = 0.5
# Less than this for the longest lines, and they are read the other way round as well.
_DOUBTFUL = 0.9
_SAMPLE = 4
# What is read of one page, in the recogniser's columns: a dense one has 80,000, which take 8 s.
_MOST_COLUMNS = 250_000
# A strip so much longer than high shows in which direction the lines run.
_TELLING = 2.0


class ReadLine(NamedTuple):
    """A line as it was read, and where it stands on the picture."""

    strip: Strip
    words: Words


class Scan(NamedTuple):
    """What was read of a picture: lines in the order of reading, those of a row together."""

    rows: list[list[ReadLine]]
    # In which most of them run: radians, clockwise, 0 to the right.
    direction: float
    # There was more than is read of one page.
    cut: bool


class Ocr:
    """Reads pictures of text that lie at any of four turns, and a little askew.

    It takes half a second to load, and half a gigabyte while it reads. For one thread.
    """

    def __init__(self) -> None:
        # OpenCV's own threads would be in the way of the other parser process.
        cv2.setNumThreads(1)
        self._detector = Detector()
        self._recogniser = Recogniser()

    def scan(self, pixels: Pixels) -> Scan:
        """Return what a picture says, or raise ``OcrFailed``."""
        try:
            return self._scan(pixels)
        except (cv2.error, MemoryError) as error:
            raise OcrFailed("The picture can't be read.") from error

    def _scan(self, pixels: Pixels) -> Scan:
        strips = self._detector.strips(pixels)
        if _run_sideways(strips):
            # Lines that stand are found less exactly.
            level = np.ascontiguousarray(np.rot90(pixels))
            strips = [strip.turned_back(level.shape[0]) for strip in self._detector.strips(level)]
        strips = self._forwards(pixels, strips)
        direction = _direction(strips)
        strips = [strip.climbing if strip.stands else strip for strip in strips]
        ordered = _ordered(strips, direction)
        affordable = _affordable(ordered)
        said = iter(self._recogniser.words(pixels, [s for row in affordable for s in row]))
        rows = [
            [
                ReadLine(strip, words)
                for strip in row
                if (words := next(said)).certainty >= _CERTAIN and words.text.strip()
            ]
            for row in affordable
        ]
        return Scan([row for row in rows if row], direction, len(affordable) < len(ordered))

    def _forwards(self, pixels: Pixels, strips: list[Strip]) -> list[Strip]:
        """Return the strips in the direction in which the longest ones can be read better."""
        sample = sorted(strips, key=columns)[-_SAMPLE:]
        certainty = _certainty(self._recogniser.words(pixels, sample))
        if certainty < _DOUBTFUL:
            reverse = [strip.reverse for strip in sample]
            if _certainty(self._recogniser.words(pixels, reverse)) > certainty:
                return [strip.reverse for strip in strips]
        return strips


def _run_sideways(strips: Sequence[Strip]) -> bool:
    """Tell whether most of the text runs up or down."""
    lying = sum(strip.width for strip in strips if strip.width > _TELLING * strip.height)
    standing = sum(strip.height for strip in strips if strip.height > _TELLING * strip.width)
    return standing > lying


def _certainty(lines: Sequence[Words]) -> float:
    """Return how sure the model is of a character of these lines, on average."""
    characters = sum(len(words.text) for words in lines)
    return sum(words.certainty * len(words.text) for words in lines) / max(characters, 1)


def _direction(strips: Sequence[Strip]) -> float:
    """Return the direction in which most of the text runs."""
    telling = [strip.angle for strip in strips if strip.width > _TELLING * strip.height]
    return float(np.median(telling or [strip.angle for strip in strips] or [0.0]))


def _ordered(strips: Sequence[Strip], direction: float) -> list[list[Strip]]:
    """Return the strips row by row; those that run in another direction than most come last."""
    along = [s for s in strips if math.cos(s.angle - direction) > math.sqrt(0.5)]
    across = [s for s in strips if math.cos(s.angle - direction) <= math.sqrt(0.5)]
    if not along:
        return [[strip] for strip in across]
    corners = np.concatenate([strip.corners(np.array([[0.0, 1.0]])) for strip in along])
    order = rows_in_order(around(rotated(corners, -direction)))
    return [[along[index] for index in row] for row in order] + [[strip] for strip in across]


def _affordable(rows: list[list[Strip]]) -> list[list[Strip]]:
    """Return the first rows, as many as may be read of one page."""
    costs = np.cumsum([sum(map(columns, row)) for row in rows])
    return rows[: int(np.searchsorted(costs, _MOST_COLUMNS, side="right"))]

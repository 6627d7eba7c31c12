"""Where there are lines of text on a picture."""

import math

import cv2
import numpy as np

from ingestion.parsers.models import Floats, Model
from ingestion.parsers.rendering import Pixels
from ingestion.parsers.strips import Strip

# Of what the model sees: 130 dots per inch of an A4 page. Its time grows with it (1 s for this
# much), and its memory.
_MOST_PIXELS = 1_500_000
# The model halves its input five times.
_STEP = 32
# Those of PP-OCR: text where it is surer than the first; kept when it is surer than the second
# on average; and marks shrunken lines, which this brings back to their size.
_TEXT, _SURE, _UNSHRINK = 0.3, 0.5, 1.6
# Of ImageNet's blue, green and red, as the model was trained; with others (RapidOCR's own are
# 0.5) words that stand alone are missed.
_MEANS = (0.485, 0.456, 0.406)
_SPREADS = (0.229, 0.224, 0.225)
# Grey levels between the lightest and the darkest spot; a blank page has fewer.
_FAINTEST = 24
# Thinner marks, in the model's pixels, are specks.
_THINNEST = 3
_MOST_LINES = 2000


class Detector:
    """Finds lines of text with a model of PP-OCR."""

    def __init__(self) -> None:
        self._model = Model("PP-OCRv6_det_small.onnx")
        self._means = np.array(_MEANS, np.float32)[:, None, None]
        self._spreads = np.array(_SPREADS, np.float32)[:, None, None]

    def strips(self, pixels: Pixels) -> list[Strip]:
        """Return the lines of text on a picture, those that lie within 45 degrees of level.

        One that runs up or down is returned as well, as a strip that is taller than wide.
        """
        height, width = pixels.shape
        scale = min(1.0, math.sqrt(_MOST_PIXELS / (height * width)))
        shape = [max(1, round(side * scale / _STEP)) * _STEP for side in (width, height)]
        seen = cv2.resize(pixels, shape, interpolation=cv2.INTER_AREA)
        if int(seen.max()) - int(seen.min()) < _FAINTEST:
            return []
        batch = (seen / np.float32(255) - self._means)[None] / self._spreads
        found = self._model.run(batch)[0, 0]
        return _strips(found, width / shape[0], height / shape[1])


def _strips(found: Floats, across: float, down: float) -> list[Strip]:
    """Return the marks of the model as strips of a picture that is so much larger."""
    mask = cv2.dilate((found > _TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    strips = []
    for contour in contours[:_MOST_LINES]:
        (x, y), (width, height), degrees = cv2.minAreaRect(contour)
        if min(width, height) < _THINNEST:
            continue
        if _certainty(found, cv2.boxPoints(((x, y), (width, height), degrees))) < _SURE:
            continue
        more = _UNSHRINK * width * height / (width + height)
        width, height = width + more, height + more
        degrees %= 180
        if 45 < degrees <= 135:
            width, height, degrees = height, width, degrees - 90
        elif degrees > 135:
            degrees -= 180
        strips.append(_stretched(Strip(x, y, width, height, math.radians(degrees)), across, down))
    return strips


def _stretched(strip: Strip, across: float, down: float) -> Strip:
    """Return the strip on the picture; the two scales differ by rounding only."""
    x, y, width, height, angle = strip
    return Strip(x * across, y * down, width * across, height * down, angle)


def _certainty(found: Floats, corners: Floats) -> float:
    """Return how sure the model is of text within these corners, on average."""
    rows, columns = found.shape
    first = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, (columns - 1, rows - 1))
    last = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, (columns - 1, rows - 1))
    part = found[first[1] : last[1] + 1, first[0] : last[0] + 1]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [(corners - first).astype(np.int32)], 1)
    return float(cv2.mean(part, inside)[0])

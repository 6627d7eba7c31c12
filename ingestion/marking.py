"""A text marker: places on a picture get a colour, and what is written there stays readable."""

import math
from collections.abc import Iterable
from itertools import islice

import numpy as np

from data.contents import Box
from ingestion.png import Picture

# Of the marker, on white.
COLOUR = (255, 232, 74)
# No page has so many lines; a hostile one may say that each of a million characters is one.
_MOST_BOXES = 2_000


def mark(picture: Picture, boxes: Iterable[Box]) -> None:
    """Colour these boxes of the page on its picture; where they overlap, no darker than once."""
    height, width, _ = picture.shape
    marked = np.zeros((height, width), np.bool_)
    for x0, y0, x1, y1 in islice(boxes, _MOST_BOXES):
        rows = slice(math.floor(y0 * height), math.ceil(y1 * height))
        marked[rows, math.floor(x0 * width) : math.ceil(x1 * width)] = True
    # As ink does: white takes the colour, black stays black.
    for channel, most in enumerate(COLOUR):
        inked = (np.arange(256) * most // 255).astype(np.uint8)
        picture[marked, channel] = inked[picture[marked, channel]]

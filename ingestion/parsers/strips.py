"""Lines of text on a picture, lying at any angle."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]


class Strip(NamedTuple):
    """A rectangle around a line of text, in pixels from the top left.

    ``width`` runs along the text; ``angle`` is the text's direction, in radians, clockwise as it
    is seen; 0 runs to the right.
    """

    x: float
    y: float
    width: float
    height: float
    angle: float

    @property
    def stands(self) -> bool:
        """Whether it is too tall to be a line that runs to the right, or one letter of it."""
        return self.height > 3 * self.width

    @property
    def climbing(self) -> "Strip":
        """The same rectangle around a line that runs upwards."""
        return Strip(self.x, self.y, self.height, self.width, self.angle - math.pi / 2)

    @property
    def reverse(self) -> "Strip":
        """The same rectangle around a line that runs the other way."""
        return Strip(self.x, self.y, self.width, self.height, self.angle + math.pi)

    def turned_back(self, height: float) -> "Strip":
        """Return where it stood before the picture was turned counterclockwise.

        ``height`` is that of the turned picture.
        """
        return Strip(height - self.y, self.x, self.width, self.height, self.angle + math.pi / 2)

    def corners(self, edges: Points) -> Points:
        """Return four corners for each pair of fractions of the width: shape (pairs, 4, 2).

        In the text's own order: top left, top right, bottom right, bottom left.
        """
        along = np.array([math.cos(self.angle), math.sin(self.angle)])
        down = np.array([-along[1], along[0]]) * self.height / 2
        ends = (edges - 0.5)[..., None] * self.width * along + np.array([self.x, self.y])
        first, last = ends[:, 0], ends[:, 1]
        return np.stack([first - down, last - down, last + down, first + down], axis=1)


def around(corners: Points) -> Points:
    """Return x0, y0, x1, y1 around each group of corners."""
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def rotated(points: Points, angle: float) -> Points:
    """Return the points turned clockwise around the top left of the picture."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.asarray(points @ np.array([[cosine, sine], [-sine, cosine]]))

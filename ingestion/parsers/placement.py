"""Where the page's own coordinates lie on the page as it is displayed."""

from typing import Any, NamedTuple

import numpy as np
import pypdfium2.raw as pdfium

from data.boxes import Boxes


class Placement(NamedTuple):
    """The visible part of a page (cropped), in points, and its clockwise quarter turns."""

    left: float
    bottom: float
    width: float
    height: float
    turns: int

    @classmethod
    def of(cls, page: Any) -> "Placement":
        """Return the placement of a page that PDFium has loaded."""
        box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page, box)
        turns = pdfium.FPDFPage_GetRotation(page) % 4
        return cls(box.left, box.bottom, box.right - box.left, box.top - box.bottom, turns)

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of the page as it is displayed, in points."""
        return (self.height, self.width) if self.turns % 2 else (self.width, self.height)

    def fractions(self, rects: Boxes) -> Boxes:
        """Return left, top, right, bottom in points as x0, y0, x1, y1 of the displayed page.

        Characters without extent, and all of a page without any, get the empty box.
        """
        if not (self.width > 0 and self.height > 0):
            return np.zeros_like(rects)
        # From the bottom left of the page as it lies in the file, upwards.
        x = (rects[:, [0, 2]].astype(float) - self.left) / self.width
        y = (rects[:, [3, 1]].astype(float) - self.bottom) / self.height
        across, down = [(x, 1 - y), (y, x), (1 - x, y), (1 - y, 1 - x)][self.turns]
        corners = np.stack([across, down], axis=2)
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        boxes = np.nan_to_num(boxes, nan=0.0, posinf=2.0, neginf=-2.0)
        boxes[(rects[:, 0] == rects[:, 2]) & (rects[:, 1] == rects[:, 3])] = 0
        return np.asarray(np.clip(boxes, -10, 10), np.float32)

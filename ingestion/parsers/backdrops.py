"""What lies behind the text of a page: pictures, and areas that are not white."""

import ctypes
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pypdfium2.raw as pdfium

from ingestion.parsers.pictures import bounds, objects

Points = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]

# Where a page has more, nothing on it counts as hidden: looking further is not worth the time.
_MOST_OBJECTS = 20_000
# So light in red, green and blue, an area looks like paper.
_WHITE = 242
# Thinner ones are lines, in points.
_THIN = 2.0


class Backdrops(NamedTuple):
    """Left, top, right and bottom of pictures, and of all that is not white."""

    pictures: npt.NDArray[np.float64]
    dark: npt.NDArray[np.float64]
    # Whether there was too much on the page to look at all of it.
    cut: bool

    @classmethod
    def of(cls, page: Any) -> "Backdrops":
        """Return what lies on a page that PDFium has loaded."""
        found = list(islice(objects(page), _MOST_OBJECTS + 1))
        pictures, dark = set(), set()
        for top, kind in found:
            if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
                pictures.add(top)
            elif kind == pdfium.FPDF_PAGEOBJ_SHADING:
                dark.add(top)
            elif kind == pdfium.FPDF_PAGEOBJ_PATH and top not in dark:
                thing = pdfium.FPDFPage_GetObject(page, top)
                if _is_dark(thing):
                    dark.add(top)
        return cls(
            _areas(page, pictures), _areas(page, pictures | dark), len(found) > _MOST_OBJECTS
        )

    def has_picture(self, points: Points) -> Mask:
        """Return which points lie on a picture."""
        return self._within(points, self.pictures)

    def is_dark(self, points: Points) -> Mask:
        """Return which points lie on something that is not white."""
        return self._within(points, self.dark)

    def _within(self, points: Points, areas: npt.NDArray[np.float64]) -> Mask:
        inside = np.full(len(points), self.cut)
        x, y = points.T
        for left, top, right, bottom in areas:
            inside |= (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
        return inside


def _areas(page: Any, tops: set[int]) -> npt.NDArray[np.float64]:
    found = [bounds(pdfium.FPDFPage_GetObject(page, top)) for top in sorted(tops)]
    areas = np.array(found, np.float64).reshape(-1, 4)
    sides = np.minimum(areas[:, 2] - areas[:, 0], areas[:, 1] - areas[:, 3])
    return areas[sides >= _THIN]


def _is_dark(thing: Any) -> bool:
    """Tell whether an object fills its area with anything but white; forms count as dark."""
    if pdfium.FPDFPageObj_GetType(thing) != pdfium.FPDF_PAGEOBJ_PATH:
        return True
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium.FPDFPath_GetDrawMode(thing, mode, stroke) or not mode.value:
        return False
    parts = [ctypes.c_uint() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetFillColor(thing, *parts):
        return True
    return parts[3].value > 0 and min(part.value for part in parts[:3]) < _WHITE

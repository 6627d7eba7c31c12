"""Whether a page shows its text as a picture, as scans do."""

import ctypes
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from ingestion.parsers.placement import Placement

# Letters and digits in the text layer of a page that is a picture all the same: a page number,
# or what a library stamps on its scans.
_STAMP = 200
# So much of such a page is covered by pictures.
_COVERED = 0.5
# Looking further into a page is not worth the time.
_MOST_OBJECTS = 1000

# Kinds of objects; one that is neither text nor a form can be seen.
_TEXT, _IMAGE, _FORM = (
    pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM,
)  # fmt: skip


def letters(text: str) -> int:
    """Return how many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def is_picture(page: Any, placement: Placement, text: str, *, has_marks: bool) -> bool:
    """Tell whether a page has hardly any text in its text layer, but shows something.

    ``has_marks``: characters were found, whether or not they could be told.
    """
    count = letters(text)
    if count == 0:
        return has_marks or any(
            kind not in (_TEXT, _FORM) for _, kind in islice(objects(page), _MOST_OBJECTS)
        )
    return count <= _STAMP and _covered(page, placement) >= _COVERED


def _covered(page: Any, placement: Placement) -> float:
    """Return the share of the page that pictures cover; overlaps count twice."""
    tops = {top for top, kind in islice(objects(page), _MOST_OBJECTS) if kind == _IMAGE}
    if not tops:
        return 0.0
    found = [bounds(pdfium.FPDFPage_GetObject(page, top)) for top in tops]
    seen = np.clip(placement.fractions(np.array(found, np.float32)), 0, 1)
    return float(((seen[:, 2] - seen[:, 0]) * (seen[:, 3] - seen[:, 1])).sum())


def objects(page: Any) -> Iterator[tuple[int, int]]:
    """Yield each object's place on the page, and its kind; one within a form has the form's."""
    for top in range(pdfium.FPDFPage_CountObjects(page)):
        waiting = [pdfium.FPDFPage_GetObject(page, top)]
        while waiting:
            thing = waiting.pop()
            yield top, pdfium.FPDFPageObj_GetType(thing)
            count = min(pdfium.FPDFFormObj_CountObjects(thing), _MOST_OBJECTS)
            waiting += [pdfium.FPDFFormObj_GetObject(thing, index) for index in range(count)]


def bounds(thing: Any) -> tuple[float, float, float, float]:
    """Return an object's left, top, right and bottom in the page's own coordinates."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    pdfium.FPDFPageObj_GetBounds(thing, left, bottom, right, top)
    return left.value, top.value, right.value, bottom.value

"""What a slice has read so far, against what it may hold and what OCR may take."""

import sys
from dataclasses import replace

from data.contents import OCR_SKIPPED, Page

# What a line of a page takes in memory, beside the text and the boxes.
_LINE_BYTES = 200


class Haul:
    """Pages until they are as large as ``limit_bytes``, and OCR until it took ``ocr_seconds``.

    Without ``has_ocr`` nobody is told that OCR was skipped: nobody expects it.
    """

    def __init__(self, limit_bytes: int, ocr_seconds: float, *, has_ocr: bool) -> None:
        self.pages: list[Page] = []
        self.ocr_seconds = 0.0
        self._left_bytes = limit_bytes
        self._ocr_limit = ocr_seconds
        self._has_ocr = has_ocr

    @property
    def is_full(self) -> bool:
        """Whether the pages are as large as they may be."""
        return self._left_bytes <= 0

    @property
    def wants_ocr(self) -> bool:
        """Whether OCR has some of its time left."""
        return self._has_ocr and self.ocr_seconds < self._ocr_limit

    def add(self, page: Page) -> None:
        """Keep a page."""
        if page.warning == OCR_SKIPPED and not self._has_ocr:
            page = replace(page, warning=None)
        self.pages.append(page)
        self.ocr_seconds += page.ocr_seconds
        size = sys.getsizeof(page.text) + len(page.boxes) + _LINE_BYTES * len(page.lines)
        self._left_bytes -= size

"""``python -m ingestion.parsers.imaging``: the killable process that draws one page of a PDF."""

import os
import sys
from pathlib import Path
from typing import Any

import pypdfium2.raw as pdfium

from ingestion.parsers.frames import Frame
from ingestion.parsers.rendering import NoRoom, coloured
from ingestion.parsers.serving import confine, incoming, private_stdout, send


class Undrawable(Exception):
    """The page can't be drawn."""


def draw(path: Path, password: str | None, number: int, scale: float, most_pixels: int) -> Frame:
    """Return a page in colours, as it is displayed, or raise ``Undrawable``.

    ``scale``: pixels for a point. Forms are drawn as they are filled in.
    """
    secret = None if password is None else password.encode()
    document = pdfium.FPDF_LoadDocument(os.fsencode(path), secret)
    page = pdfium.FPDF_LoadPage(document, number - 1) if document else None
    if not page:
        raise Undrawable
    try:
        # PDFium keeps its address.
        info = pdfium.FPDF_FORMFILLINFO(version=2)
        pixels = coloured(page, scale, most_pixels, _form(document, info))
    except NoRoom as error:
        raise Undrawable from error
    if pixels is None:
        raise Undrawable
    height, width, _ = pixels.shape
    return Frame({"width": width, "height": height}, pixels.tobytes())


def _form(document: Any, info: Any) -> Any:
    """Return the document's form, ready to be drawn; nothing where there is none.

    No script of it is ever run: this PDFium has no engine for them.
    """
    if pdfium.FPDF_GetFormType(document) == pdfium.FORMTYPE_NONE:
        return None
    form = pdfium.FPDFDOC_InitFormFillEnvironment(document, info)
    if form:
        # Else fields are shaded, as for someone who is to fill them in.
        pdfium.FPDF_SetFormFieldHighlightAlpha(form, 0)
    return form


def serve() -> None:
    """Draw the page that the parent names on stdin, and end; end at once with the parent."""
    out = private_stdout()
    hello = incoming(sys.stdin.buffer).get().header
    confine(memory_bytes=int(hello["memory_bytes"]), cpu_seconds=int(hello["cpu_seconds"]))
    # From here on it is the file's fault when this process dies.
    send(out, Frame({"confined": True}))
    try:
        frame = draw(
            Path(hello["path"]),
            hello["password"],
            int(hello["page"]),
            float(hello["scale"]),
            int(hello["most_pixels"]),
        )
    except (Undrawable, MemoryError):
        frame = Frame({"undrawable": True})
    send(out, frame)


if __name__ == "__main__":
    serve()

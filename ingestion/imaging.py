"""A page of a file becomes a picture, drawn by a process that may be killed at any time."""

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import numpy as np

from data.errors import PageNotDrawn, ShuttingDown, Unavailable
from data.settings import ImageSettings
from ingestion.child import Child, ChildDied, ChildHung
from ingestion.parsers.frames import Frame
from ingestion.png import Picture
from ingestion.spares import Spares

IMAGER = (sys.executable, "-P", "-m", "ingestion.parsers.imaging")
# At scale 1: a page of A4 is then 892 pixels wide, and its smallest print can be read.
PIXELS_PER_POINT = 1.5
# Someone else may have killed the first one.
TRIES = 2
# A tenth of a second on an idle machine.
_START_SECONDS = 60.0


class Imager:
    """Draws pages, each in a confined process of its own.

    Once the first one is drawn, a process waits for the next. For a few threads, which must live
    as long as this does: a process dies with the thread that started it.
    """

    def __init__(self, settings: ImageSettings, command: Sequence[str] = IMAGER) -> None:
        self._settings = settings
        self._spares = Spares(3 * settings.max_pixels + (1 << 16), 1, command)
        self._stopping = Event()

    def draw(
        self,
        path: Path,
        password: str | None,
        page: int,
        scale: float,
        check: Callable[[], None],
    ) -> Picture:
        """Return a page of a PDF as it is displayed, or raise ``PageNotDrawn``.

        ``check`` is called twice a second while waiting; what it raises comes out here.
        """
        hello = Frame(
            {
                "path": str(path.absolute()),
                "password": password,
                "page": page,
                "scale": scale * PIXELS_PER_POINT,
                "most_pixels": self._settings.max_pixels,
                "memory_bytes": self._settings.memory_bytes,
                # A little more: the clock on the wall ends it first, and tells what was wrong.
                "cpu_seconds": math.ceil(self._settings.seconds) + 1,
            }
        )

        def check_both() -> None:
            if self._stopping.is_set():
                raise ShuttingDown
            check()

        for _ in range(TRIES):
            try:
                return self._drawn(hello, check_both)
            except ChildDied:
                continue
            except ChildHung:
                break
        raise PageNotDrawn

    def stop(self) -> None:
        """Have whoever draws give up within half a second."""
        self._stopping.set()

    def close(self) -> None:
        """End the process that waits."""
        self._spares.close()

    def _drawn(self, hello: Frame, check: Callable[[], None]) -> Picture:
        check()
        child = self._start()
        try:
            self._confine(child, hello, check)
            answer = child.answer(self._settings.seconds, check)
        finally:
            child.end()
            if not self._stopping.is_set():
                self._spares.refill()
        return _picture(answer, self._settings.max_pixels)

    def _start(self) -> Child:
        try:
            return self._spares.take()
        except OSError as error:
            raise Unavailable("No process can be started to draw the page.") from error

    def _confine(self, child: Child, hello: Frame, check: Callable[[], None]) -> None:
        """Wait until the process is confined; before that, no file is the reason for its end."""
        try:
            child.ask(hello)
            if "confined" not in child.answer(_START_SECONDS, check).header:
                raise Unavailable("The process that draws pages does not start as it should.")
        except (ChildHung, ChildDied) as error:
            raise Unavailable("The process that draws pages does not start.") from error


def _picture(answer: Frame, most_pixels: int) -> Picture:
    """Return what a process answers that may be in a stranger's hands, or raise."""
    if "undrawable" in answer.header:
        raise PageNotDrawn
    try:
        width, height = int(answer.header["width"]), int(answer.header["height"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PageNotDrawn from error
    if width < 1 or height < 1 or width * height > most_pixels:
        raise PageNotDrawn
    if len(answer.payload) != 3 * width * height:
        raise PageNotDrawn
    return np.frombuffer(answer.payload, np.uint8).reshape(height, width, 3)

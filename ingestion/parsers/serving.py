"""The child's side of parsing: confine yourself, open one file, send the pages asked for."""

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Protocol

from data.contents import FileFacts, Page
from data.errors import FileRejected
from data.file_errors import ParserOutOfMemory
from data.processes import die_with_parent
from ingestion.media_types import PDF
from ingestion.parsers.frames import (
    Frame,
    encoded,
    frame_of_facts,
    frame_of_page,
    read_frame,
)

# From linux/prctl.h.
PR_SET_NO_NEW_PRIVS = 38


@dataclass(frozen=True, slots=True)
class Opening:
    """What a parser is told about the file that it shall open."""

    path: Path
    password: str | None
    max_page_characters: int
    media_type: str = PDF
    # Of more pages nobody wants any; the file says only how many it has.
    max_pages: int = sys.maxsize


class OpenFile(Protocol):
    """A file whose pages can be read, in any order."""

    @property
    def facts(self) -> FileFacts:
        """What the file says of itself."""
        ...

    def page(self, number: int, *, ocr: bool = False) -> Page:
        """Return a page; the first one is 1. A picture of text is read only with ``ocr``."""
        ...


def serve(load: Callable[[Opening], OpenFile]) -> None:
    """Answer the parent on stdin and stdout until it closes stdin or is gone.

    ``load`` is called when the limits hold; it imports the library that reads the file.
    """
    out = private_stdout()
    requests = incoming(sys.stdin.buffer)
    hello = requests.get().header
    confine(memory_bytes=int(hello["memory_bytes"]), cpu_seconds=int(hello["cpu_seconds"]))
    opening = Opening(
        Path(hello["path"]),
        hello["password"],
        int(hello["max_page_characters"]),
        str(hello["media_type"]),
        int(hello["max_pages"]),
    )
    # From here on it is the file's fault when this process dies.
    send(out, Frame({"confined": True}))
    try:
        file = load(opening)
        facts = file.facts
    except FileRejected as error:
        send(out, Frame({"error": error.code, "message": str(error)}))
        return
    except MemoryError:
        send(out, Frame({"error": ParserOutOfMemory.code, "message": str(ParserOutOfMemory())}))
        return
    send(out, frame_of_facts(facts))
    while True:
        asked = requests.get().header
        frame = frame_of_page(file.page(int(asked["page"]), ocr=bool(asked["ocr"])))
        frame.header["cpu_seconds"] = time.process_time()
        send(out, frame)


def confine(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Bound what this process may use, and have it die with its parent."""
    _limit(resource.RLIMIT_AS, memory_bytes)
    # The signal of the soft limit says why; at the hard one the kernel only kills.
    _limit(resource.RLIMIT_CPU, cpu_seconds, grace=5)
    _limit(resource.RLIMIT_CORE, 0)
    # Nothing is ever written to a file; pipes are not files.
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    die_with_parent(signal.SIGKILL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _limit(kind: int, value: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY:
        hard = value + grace
    resource.setrlimit(kind, (min(value, hard), min(value + grace, hard)))


def private_stdout() -> BinaryIO:
    """Keep stdout for frames: whatever a library prints goes to stderr instead."""
    sys.stdout.flush()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def incoming(stream: BinaryIO) -> SimpleQueue[Frame]:
    """Return the line of the parent's requests; the end of them ends this process at once.

    A thread reads them, so that a parent that is gone is seen while a page is being read.
    """
    waiting: SimpleQueue[Frame] = SimpleQueue()

    def read() -> None:
        while frame := read_frame(stream):
            waiting.put(frame)
        os._exit(0)

    threading.Thread(target=read, name="requests", daemon=True).start()
    return waiting


def send(out: BinaryIO, frame: Frame) -> None:
    """Write a frame; blocks while the parent is behind, and ends with it."""
    try:
        out.write(encoded(frame))
        out.flush()
    except BrokenPipeError:
        os._exit(0)

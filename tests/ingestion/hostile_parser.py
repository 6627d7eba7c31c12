"""A parser that misbehaves as its first argument says; started by the tests in place of ours."""

import os
import signal
import stat
import sys
import time
from pathlib import Path

import numpy as np

from data.boxes import pack
from data.contents import OCR_SKIPPED, FileFacts, Page
from data.file_errors import UnreadableFile
from ingestion.parsers.frames import Frame, encoded, frame_of_page
from ingestion.parsers.serving import Opening, serve

MODE, MARKER = sys.argv[1], Path(sys.argv[2])
PAGES = int(sys.argv[3]) if len(sys.argv) > 3 else 5


class HostileFile:
    """Five pages, or as many as the third argument says; the third one is the bad one."""

    facts = FileFacts(PAGES, "Hostile")

    def page(self, number: int, *, ocr: bool = False) -> Page:
        if number == 3 or MODE.startswith("always"):
            misbehave(MODE.removeprefix("always-"), ocr=ocr)
        if MODE == "work":
            until = time.process_time() + 0.3
            while time.process_time() < until:
                pass
        if MODE == "slow":
            time.sleep(0.3)
        text = f"Page {number} of process {os.getpid()}"
        boxes = pack(np.zeros((len(text), 4), np.float32))
        if MODE.endswith("ocr"):
            return picture(number, text, boxes, ocr=ocr)
        return Page(number, text, boxes)


def picture(number: int, text: str, boxes: bytes, *, ocr: bool) -> Page:
    """Return a page that has no text without OCR."""
    if ocr:
        time.sleep(0.3)
        return Page(number, text, boxes, ocr=True, ocr_seconds=2.0)
    return Page(number, "", pack(np.zeros((0, 4), np.float32)), warning=OCR_SKIPPED)


def misbehave(mode: str, *, ocr: bool) -> None:
    if mode == "hang" or (mode == "hang-with-ocr" and ocr):
        time.sleep(3600)
    elif mode == "die" or (mode == "die-with-ocr" and ocr):
        os.kill(os.getpid(), signal.SIGSEGV)
    elif mode == "die-once" and not MARKER.exists():
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    elif mode == "chatter":
        os.write(1, b"a library says something on stdout")
    elif mode == "spin":
        while True:
            pass
    elif mode == "exhaust":
        bytearray(64 << 30)
    elif mode in ("rave", "flood", "repeat"):
        say(mode)


def say(mode: str) -> None:
    """Write what no parser writes to the pipe that frames travel on."""
    second = frame_of_page(Page(2, "", pack(np.zeros((0, 4), np.float32))))
    noise = {
        "rave": b"no frame" * 99,
        "flood": encoded(Frame({"page": 9}, bytes(1 << 20))),
        "repeat": encoded(Frame({**second.header, "cpu_seconds": 0.0}, second.payload)),
    }[mode]
    pipe = next(fd for fd in range(3, 64) if stat.S_ISFIFO(os.fstat(fd).st_mode))
    while True:
        os.write(pipe, noise)


def load(opening: Opening) -> HostileFile:
    if MODE == "hang-at-open":
        time.sleep(3600)
    elif MODE == "die-at-open":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif MODE == "exhaust-at-open":
        bytearray(64 << 30)
    elif MODE == "fill-at-open":
        hoard = []
        try:
            while True:
                hoard.append(b"x" * (4 << 20))
        except MemoryError:
            # As C++ does: no word, just gone.
            os.abort()
    elif MODE == "killed-at-open":
        os.kill(os.getpid(), signal.SIGKILL)
    elif MODE == "killed-at-open-once" and not MARKER.exists():
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    elif MODE == "die-at-second-open":
        if MARKER.exists():
            os.kill(os.getpid(), signal.SIGSEGV)
        MARKER.touch()
    elif MODE == "spin-at-open":
        while True:
            pass
    elif MODE == "write-at-open":
        try:
            MARKER.write_bytes(b"x")
        except OSError as error:
            raise UnreadableFile("It may not write.") from error
    elif MODE == "secrets":
        HostileFile.facts = FileFacts(PAGES, " ".join(sorted(os.environ)))
    elif MODE == "password":
        HostileFile.facts = FileFacts(PAGES, f"{opening.password} {sys.argv}")
    return HostileFile()


if __name__ == "__main__":
    serve(load)

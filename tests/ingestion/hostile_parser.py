"""A parser that misbehaves as its first argument says; started by the tests in place of ours."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from data.boxes import pack
from data.contents import FileFacts, Page
from data.file_errors import UnreadableFile
from ingestion.parsers.serving import Opening, serve

MODE, MARKER = sys.argv[1], Path(sys.argv[2])


class HostileFile:
    """Five pages; the third one is the bad one."""

    facts = FileFacts(5, "Hostile")

    def page(self, number: int) -> Page:
        if number == 3:
            misbehave()
        text = f"Page {number} of process {os.getpid()}"
        return Page(number, text, pack(np.zeros((len(text), 4), np.float32)))


def misbehave() -> None:
    if MODE == "hang":
        time.sleep(3600)
    elif MODE == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif MODE == "die-once" and not MARKER.exists():
        MARKER.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    elif MODE == "chatter":
        os.write(1, b"a library says something on stdout")
    elif MODE == "spin":
        while True:
            pass
    elif MODE == "exhaust":
        bytearray(64 << 30)


def load(opening: Opening) -> HostileFile:
    if MODE == "hang-at-open":
        time.sleep(3600)
    elif MODE == "die-at-open":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif MODE == "exhaust-at-open":
        bytearray(64 << 30)
    elif MODE == "fill-at-open":
        hoard = [bytearray(b"x" * (1 << 20))]
        try:
            while True:
                hoard.append(bytearray(b"x" * (1 << 20)))
        except MemoryError:
            # As C++ does: no word, just gone.
            os.abort()
    elif MODE == "killed-at-open":
        os.kill(os.getpid(), signal.SIGKILL)
    elif MODE == "spin-at-open":
        while True:
            pass
    elif MODE == "write-at-open":
        try:
            MARKER.write_bytes(b"x")
        except OSError as error:
            raise UnreadableFile("It may not write.") from error
    elif MODE == "secrets":
        HostileFile.facts = FileFacts(5, " ".join(sorted(os.environ)))
    elif MODE == "password":
        HostileFile.facts = FileFacts(5, f"{opening.password} {sys.argv}")
    return HostileFile()


if __name__ == "__main__":
    serve(load)

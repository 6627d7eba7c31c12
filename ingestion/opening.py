"""What a file says of itself when a fresh parser process opens it, or why it can't be read."""

import signal
from collections.abc import Callable
from pathlib import Path

from data.contents import FileFacts
from data.errors import FileRejected, Unavailable
from data.file_errors import (
    ParserOutOfMemory,
    ParserTimeout,
    PasswordRequired,
    TooManyPages,
    UnreadableFile,
    WrongPassword,
)
from data.settings import ParsingSettings
from ingestion.child import Child, ChildDied, ChildHung, ChildRaved, Ending
from ingestion.media_types import PDF
from ingestion.parsers.frames import Frame, facts_of_frame

_REFUSALS: dict[str, type[FileRejected]] = {
    kind.code: kind for kind in (UnreadableFile, PasswordRequired, WrongPassword, ParserOutOfMemory)
}
_LONGEST = 500
# A tenth of a second on an idle machine.
_START_SECONDS = 60.0


def hello(
    path: Path, password: str | None, settings: ParsingSettings, media_type: str = PDF
) -> Frame:
    """Return what a parser process is told first."""
    return Frame(
        {
            "path": str(path.absolute()),
            "password": password,
            "memory_bytes": settings.memory_bytes,
            "cpu_seconds": settings.cpu_seconds,
            "max_page_characters": settings.max_page_characters,
            "media_type": media_type,
            "max_pages": settings.max_pages,
        }
    )


def opened(child: Child, settings: ParsingSettings, check: Callable[[], None]) -> FileFacts:
    """Wait until the process that was told ``hello`` has opened the file.

    Raises ``ChildDied`` when it ended without a word, and why the file can't be read when it
    said so. A process that ended before it had seen the file is ``Unavailable``.
    """
    try:
        if "confined" not in child.answer(_START_SECONDS, check).header:
            raise UnreadableFile
    except ChildHung as error:
        raise Unavailable("The parser process does not start. Try again shortly.") from error
    except ChildRaved as error:
        raise UnreadableFile from error
    except ChildDied as error:
        raise Unavailable("The parser process ended at its start. Try again shortly.") from error
    try:
        answer = child.answer(settings.open_seconds, check)
    except ChildHung as error:
        raise ParserTimeout from error
    except ChildRaved as error:
        raise UnreadableFile from error
    return _facts(answer, settings.max_pages)


def reason(ending: Ending, memory_bytes: int) -> FileRejected:
    """Return what a process died of that had seen the file and not opened it yet."""
    if ending.code == -signal.SIGXCPU:
        return ParserTimeout()
    # Linux kills with SIGKILL when memory is short; PDFium traps at its own limit.
    if ending.code == -signal.SIGKILL or ending.peak_bytes > memory_bytes // 2:
        return ParserOutOfMemory()
    return UnreadableFile()


def _facts(answer: Frame, max_pages: int) -> FileFacts:
    if "error" in answer.header:
        kind = _REFUSALS.get(str(answer.header["error"]), UnreadableFile)
        raise kind(_plain(answer.header.get("message", "")))
    try:
        facts = facts_of_frame(answer)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UnreadableFile from error
    if facts.pages < 1:
        raise UnreadableFile
    if facts.pages > max_pages:
        raise TooManyPages(facts.pages, max_pages)
    return facts


def _plain(said: object) -> str:
    """Return what a process says that may be in a stranger's hands: short, and storable."""
    return str(said)[:_LONGEST].encode(errors="replace").decode().replace("\0", "")

"""Keeps a host's lexical index at the catalogue's last change, whichever process writes it."""

import fcntl
import logging
import os
import shutil
import threading
from pathlib import Path
from types import TracebackType
from typing import TextIO

from data.catalogue import Catalogue
from data.contents import StoredChunk
from data.errors import FootnoteError, LexicalUnavailable
from data.files import translated
from data.lexical import LexicalIndex
from data.visibility import Visibility

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
# Changes of one commit; the texts of so many documents are in memory at once.
BATCH = 10
# An index that is opened so many changes behind has most of its rows to come.
FAR = 50
# What a rebuild of a small index takes for sure.
NEEDED_BYTES = 256 * 1024 * 1024


class LexicalFollower:
    """One thread of each API process; the one that holds the host's lock writes the index."""

    def __init__(self, root: Path, catalogue: Catalogue, visibility: Visibility) -> None:
        self._root = root
        self._catalogue = catalogue
        self._visibility = visibility
        self._index: LexicalIndex | None = None
        self._lock: TextIO | None = None
        # The index's folder as it was opened: one of the same name may have taken its place.
        self._folder: int | None = None
        self._followed = 0
        # Until it has followed so far, what a search finds is a part.
        self._whole_at = 0
        self._progress = threading.Condition()
        self._nudged = threading.Event()
        self._stopping = False
        self._is_away = False
        self._thread = threading.Thread(target=self._run, name="lexical", daemon=True)

    def __enter__(self) -> "LexicalFollower":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping = True
        self._nudged.set()
        self._thread.join(timeout=10)
        self._let_go()
        if self._lock:
            self._lock.close()

    @property
    def index(self) -> LexicalIndex:
        """The index to search; ``LexicalUnavailable`` until it could be opened."""
        if self._index is None:
            raise LexicalUnavailable
        return self._index

    @property
    def is_open(self) -> bool:
        """Whether there is an index to search."""
        return self._index is not None

    @property
    def is_rebuilding(self) -> bool:
        """Whether the index is filled from far behind: a search finds only a part yet."""
        return self._followed < self._whole_at

    def has_followed(self, sequence: int) -> bool:
        """Return whether the index has followed up to the sequence; if not, hurry it on."""
        if self._followed >= sequence:
            return True
        self._nudged.set()
        return False

    def wait_for(self, sequence: int, seconds: float) -> bool:
        """Return whether the index has followed up to the sequence, blocking for a while."""
        if self.has_followed(sequence):
            return True
        with self._progress:
            return self._progress.wait_for(lambda: self._followed >= sequence, seconds)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._follow()
                self._is_away = False
            except FootnoteError as error:  # away for now: the next round tries again
                if not self._is_away:
                    logger.warning("lexical index not followed", extra={"code": error.code})
                self._is_away = True
            # A thread that ends in silence would leave every search behind for good.
            except Exception:
                logger.exception("lexical index not followed")
            self._nudged.wait(POLL_SECONDS)
            self._nudged.clear()

    def _follow(self) -> None:
        writes = self._takes_lock()
        try:
            self._follow_on(writes=writes)
        except LexicalUnavailable:
            self._let_go()
            # A full disk is no damage: emptying the index would lose it for nothing.
            if not writes or self._stopping or self._disk_is_full():
                raise
            logger.warning("lexical index is rebuilt: it could not be read or written")
            self._open(LexicalIndex.rebuilt(self._root / "index"))

    def _follow_on(self, *, writes: bool) -> None:
        if self._index is None:
            # Who only reads leaves the making to who writes.
            opened = LexicalIndex.newest if writes else LexicalIndex.existing
            self._open(opened(self._root / "index"))
        elif not _is_still(self._folder, self._index.folder):
            raise LexicalUnavailable("The folder of the lexical index is gone.")
        assert self._index is not None
        if not writes:
            self._index.reload()
        self._note(self._index.sequence)
        while writes and not self._stopping and self._apply_some(self._index):
            pass

    def _open(self, index: LexicalIndex) -> None:
        """Take an index, or raise ``LexicalUnavailable`` when it follows another catalogue."""
        sequence, mark, latest = index.sequence, index.mark, self._catalogue.sequence()
        marks = [step.mark for step in self._catalogue.changes_after(sequence - 1, 1)]
        if sequence > latest or (mark and marks != [mark]):
            raise LexicalUnavailable("The lexical index is of another catalogue.")
        self._folder = os.open(index.folder, os.O_RDONLY)
        self._index = index
        if latest - sequence > FAR:
            self._whole_at = latest
        self._note(sequence)

    def _let_go(self) -> None:
        index, self._index = self._index, None
        if index:
            index.close()
        folder, self._folder = self._folder, None
        if folder is not None:
            os.close(folder)

    def _disk_is_full(self) -> bool:
        return shutil.disk_usage(self._root).free < NEEDED_BYTES

    def _apply_some(self, index: LexicalIndex) -> bool:
        steps = self._catalogue.changes_after(self._followed, BATCH)
        if not steps:
            return False
        versions = {(step.document_id, step.version): step.published for step in steps}
        added: list[tuple[str, StoredChunk]] = []
        for (document_id, version), published in versions.items():
            if published:  # a version that was deleted since then has nothing to give
                added.extend(self._visibility.published(document_id, version))
        index.apply(versions, added, steps[-1].sequence, steps[-1].mark)
        self._note(steps[-1].sequence)
        return True

    def _note(self, sequence: int) -> None:
        if sequence < self._followed:  # another process has begun anew
            self._whole_at = self._catalogue.sequence()
        with self._progress:
            self._followed = sequence
            self._progress.notify_all()

    def _takes_lock(self) -> bool:
        path = self._root / "writer.lock"
        if self._lock and _is_still(self._lock.fileno(), path):
            return True
        if self._lock:
            # Somebody has removed it: another process may hold the new one.
            self._let_go()
            self._lock.close()
            self._lock = None
        with translated():
            self._root.mkdir(parents=True, exist_ok=True)
            lock = path.open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        return True


def _is_still(descriptor: int | None, path: Path) -> bool:
    """Return whether what was opened is what is there now."""
    try:
        return descriptor is not None and os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False

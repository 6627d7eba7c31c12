"""The catalogue against itself: counts, lost jobs, and removals that nobody does."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from data.audit.findings import Finding
from data.audit.mending import Mending
from data.audit.shelf import Entry, Shelf, Volume
from data.audit.strays import Strays
from data.records import DocumentState, JobKind, JobState

AGAIN = "Delete the document and upload it again."


class RowsAudit:
    """What one transaction writes is there as a whole: what differs was not done by Footnote."""

    def __init__(self, shelf: Shelf, strays: Strays, mending: Mending) -> None:
        self._shelf = shelf
        self._strays = strays
        self._mending = mending
        self.compared: Counter[str] = Counter()

    def findings(self) -> Iterator[Finding]:
        """Give what differs."""
        for library_id in self._mending.forgotten_libraries():
            yield Finding(
                "library_not_purged",
                f"Library {library_id} was deleted, and nobody removes what is left of it.",
                {"library_id": library_id},
                partial(self._mending.purge_library, library_id),
            )
        for entry in self._shelf.entries():
            self._count(entry)
            yield from self._of_document(entry)
        for stray in self._strays.found():
            yield Finding(
                "stray_rows",
                f"There are {stray.rows} {stray.table} of version {stray.version} of "
                f"{stray.document_id}, which does not exist.",
                {"document_id": stray.document_id, "version": stray.version},
                partial(self._strays.remove, stray),
            )

    def _count(self, entry: Entry) -> None:
        self.compared["documents"] += entry.is_live
        self.compared["versions"] += len(entry.volumes)
        for volume in entry.volumes:
            self.compared["pages"] += volume.stored_pages
            self.compared["chunks"] += volume.stored_chunks

    def _of_document(self, entry: Entry) -> Iterator[Finding]:
        if entry.is_deleted and not entry.has_open(JobKind.PURGE, entry.latest):
            yield self._unpurged("document_not_purged", entry, entry.latest)
        if not entry.is_live:
            return
        if _is_lost(entry):
            yield Finding(
                "job_lost",
                f"Document {entry.id} waits to be indexed, and no job does that.",
                {"document_id": entry.id, "version": entry.latest},
                partial(self._mending.ingest, entry.id),
            )
        if entry.published not in {None, *(volume.version for volume in entry.volumes)}:
            yield _damage(entry, entry.published or 0, "version_lost", "Its row is missing.")
        for volume in entry.volumes:
            if volume.version == entry.published:
                yield from _incomplete(entry, volume)
            elif _is_forgotten(entry, volume):
                yield self._unpurged("version_not_purged", entry, volume.version)

    def _unpurged(self, code: str, entry: Entry, version: int) -> Finding:
        what = "was deleted" if entry.is_deleted else f"has an old version {version}"
        return Finding(
            code,
            f"Document {entry.id} {what}, and nobody removes what is left of it.",
            {"document_id": entry.id, "version": version},
            partial(self._mending.purge, entry.id, version),
        )


def _is_lost(entry: Entry) -> bool:
    if entry.published == entry.latest or entry.has_open(JobKind.INGEST, entry.latest):
        return False
    ended = (JobState.FAILED, JobState.CANCELLED)
    has_ended = any((JobKind.INGEST, entry.latest, state) in entry.jobs for state in ended)
    return entry.state == DocumentState.INDEXING or not has_ended


def _is_forgotten(entry: Entry, volume: Volume) -> bool:
    """Return whether something of a version should have been removed, and will not be."""
    if entry.needs(volume) or entry.has_open(JobKind.PURGE, volume.version):
        return False
    return bool(volume.stored_chunks) or not volume.is_superseded or volume.is_overdue


def _incomplete(entry: Entry, volume: Volume) -> Iterator[Finding]:
    for name, said, stored in (
        ("pages", volume.pages, volume.stored_pages),
        ("chunks", volume.chunks, volume.stored_chunks),
        ("vectors", volume.stored_chunks, volume.stored_vectors),
    ):
        if said != stored:
            sentence = f"It should have {said} {name}, and has {stored}."
            yield _damage(entry, volume.version, f"{name}_differ", sentence)


def _damage(entry: Entry, version: int, code: str, sentence: str) -> Finding:
    return Finding(
        code,
        f"Version {version} of document {entry.id} is damaged. {sentence} {AGAIN}",
        {"document_id": entry.id, "version": version},
    )

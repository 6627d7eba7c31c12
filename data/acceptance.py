"""An upload becomes a document, a version and a job, in one transaction."""

import secrets
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, insert, update
from sqlalchemy.exc import IntegrityError

from data.claims import lock_document
from data.database import Database, clock
from data.documents import get_document
from data.duplicates import (
    ANOTHER_DOCUMENT,
    current_version,
    live_document,
    require_unknown,
    version_with,
    with_bytes,
)
from data.errors import CatalogueUnavailable, Conflict
from data.interventions import Seal, reopen
from data.jobs import cancel_jobs, insert_job, latest_ingest, lock_jobs
from data.libraries import get_library, hold_library
from data.records import DocumentState, Job, JobKind, Place, Receipt, StagedFile, UploadFields
from data.room import require_room
from data.settings import UploadSettings
from data.tables import document_tags, documents, jobs, versions

# Of a document that comes, goes and comes again at the same moment.
TRIES = 4


def new_document_id() -> str:
    """Return an id that nobody can guess."""
    return f"doc-{secrets.token_hex(10)}"


class Acceptance:
    """Records uploads; ``QueueFull`` while too much of the workspace waits already."""

    def __init__(self, database: Database, settings: UploadSettings) -> None:
        self._database = database
        self._settings = settings

    def require_room(self, workspace: str, size: int, document_id: str = "") -> None:
        """Raise ``QueueFull`` when so many bytes more would not be taken now.

        With a document: for a new version of it; ``DocumentNotFound`` when there is none.
        """
        with self._database.read() as connection:
            if document_id:
                live_document(connection, workspace, document_id)
            require_room(connection, workspace, size, self._settings, document_id)

    def find(self, workspace: str, library: str, sha256: str) -> tuple[str, int] | None:
        """Return the document and the version that these bytes are in a library already."""
        with self._database.read() as connection:
            library_id = get_library(connection, workspace, library).id
            known = with_bytes(connection, library_id, sha256)
        return known and (known.id, version_with(known, sha256))

    def accept(
        self,
        workspace: str,
        document_id: str,
        fields: UploadFields,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        """Record an upload and queue its indexing; the same bytes are the same document.

        ``seal`` gives the file's password, encrypted for the document that it ends up with.
        """
        for _ in range(TRIES):
            # The same bytes may come twice at once: then one of them is there.
            with suppress(IntegrityError):
                return self._accept(workspace, document_id, fields, file, seal)
        raise CatalogueUnavailable

    def reserve(self, workspace: str, document_id: str, sha256: str) -> Place:
        """Return which version of a document these bytes are, or would become.

        A number is given once, so nobody else has a file at its key. Raises
        ``DocumentNotFound``, and ``Conflict`` when the library has the bytes as another document.
        """
        with self._database.write() as connection:
            lock_document(connection, document_id)
            known = live_document(connection, workspace, document_id)
            if version := current_version(connection, known, sha256):
                return Place(version, is_known=True)
            require_unknown(connection, known, sha256)
            version = max(known.latest_version, known.reserved_version) + 1
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(reserved_version=version)
            )
            return Place(version, is_known=False)

    def replace(
        self,
        workspace: str,
        document_id: str,
        version: int,
        filename: str,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        """Record a reserved version and queue its indexing; the current bytes change nothing.

        Older versions that are still being indexed are given up (``superseded``). Raises
        ``Conflict`` when a higher one was uploaded meanwhile, or when the library has these
        bytes as another document.
        """
        try:
            return self._replace(workspace, document_id, version, filename, file, seal)
        except IntegrityError as error:
            raise Conflict(ANOTHER_DOCUMENT) from error

    def _accept(
        self,
        workspace: str,
        document_id: str,
        fields: UploadFields,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        with self._database.write() as connection:
            library_id = hold_library(connection, workspace, fields.library, alone=False)
            known = with_bytes(connection, library_id, file.sha256, held=True)
            if known is not None:
                return self._again(connection, known, version_with(known, file.sha256), file, seal)
            require_room(connection, workspace, file.bytes, self._settings)
            _insert_document(connection, workspace, library_id, document_id, fields, file)
            job = _queue(connection, live_document(connection, workspace, document_id), file, seal)
            document = get_document(connection, workspace, document_id)
            return Receipt(document, job, duplicate=False)

    def _replace(
        self,
        workspace: str,
        document_id: str,
        version: int,
        filename: str,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        with self._database.write() as connection:
            lock_document(connection, document_id)
            known = live_document(connection, workspace, document_id)
            if current := current_version(connection, known, file.sha256):
                return self._again(connection, known, current, file, seal)
            if version <= known.latest_version:
                raise Conflict("Another version was uploaded at the same time. Send it again.")
            require_unknown(connection, known, file.sha256)
            require_room(connection, workspace, file.bytes, self._settings, document_id)
            lock_jobs(connection, document_id)
            connection.execute(
                update(documents)
                .where(documents.c.id == document_id)
                .values(
                    latest_version=version,
                    sha256=file.sha256,
                    state=_indexing_unless_published(known),
                    updated_at=clock(),
                )
            )
            older = (jobs.c.document_id == document_id, jobs.c.kind == JobKind.INGEST)
            cancel_jobs(connection, "superseded", "A newer version was uploaded.", *older)
            known = live_document(connection, workspace, document_id)
            job = _queue(connection, known, file, seal, filename)
            document = get_document(connection, workspace, document_id)
            return Receipt(document, job, duplicate=False)

    def _again(
        self,
        connection: Connection,
        known: Row[Any],
        version: int,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        """Return what there is of these bytes, queued once more when it had failed."""
        workspace = known.workspace_id
        job = latest_ingest(connection, known.id, version)
        is_latest = version == known.latest_version
        has_failed = is_latest and job.state.is_final and known.published_version != version
        if has_failed:
            require_room(connection, workspace, file.bytes, self._settings)
            # Who was cancelled may still be writing to Chroma, under the same ids.
            delay = lock_jobs(connection, known.id)
            reopen(connection, known.id, version, seal and seal(known.id))
            job = _insert_ingest(connection, known, file, delay)
        document = get_document(connection, workspace, known.id)
        return Receipt(document, job, duplicate=True, requeued=has_failed)


def _indexing_unless_published(known: Row[Any]) -> DocumentState:
    return DocumentState.READY if known.published_version else DocumentState.INDEXING


def _insert_document(
    connection: Connection,
    workspace: str,
    library_id: str,
    document_id: str,
    fields: UploadFields,
    file: StagedFile,
) -> None:
    tags = tuple(dict.fromkeys(fields.tags))
    connection.execute(
        insert(documents).values(
            id=document_id,
            workspace_id=workspace,
            library_id=library_id,
            filename=fields.filename,
            title=fields.title,
            tags=list(tags),
            sha256=file.sha256,
            latest_version=1,
            state=DocumentState.INDEXING,
            created_at=clock(),
            updated_at=clock(),
        )
    )
    if tags:
        rows = [{"document_id": document_id, "tag": tag} for tag in tags]
        connection.execute(insert(document_tags), rows)


def _queue(
    connection: Connection,
    document: Row[Any],
    file: StagedFile,
    seal: Seal | None,
    filename: str | None = None,
) -> Job:
    """Insert the document's latest version, and the job that indexes it."""
    connection.execute(
        insert(versions).values(
            document_id=document.id,
            version=document.latest_version,
            sha256=file.sha256,
            bytes=file.bytes,
            media_type=file.media_type,
            filename=filename,
            password=seal and seal(document.id),
            warnings=[],
            created_at=clock(),
        )
    )
    return _insert_ingest(connection, document, file)


def _insert_ingest(
    connection: Connection, document: Row[Any], file: StagedFile, delay_seconds: float = 0
) -> Job:
    return insert_job(
        connection,
        document.workspace_id,
        document.library_id,
        document.id,
        document.latest_version,
        JobKind.INGEST,
        delay_seconds,
        size=file.bytes,
    )

"""An upload becomes a document, a version and a job, in one transaction."""

import secrets
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from data.claims import lock_document
from data.database import Database, clock
from data.documents import get_document
from data.errors import Conflict, DocumentNotFound
from data.interventions import Seal, reopen
from data.jobs import cancel_jobs, insert_job, job_columns, job_of, lock_jobs
from data.libraries import hold_library
from data.records import DocumentState, Job, JobKind, Receipt, StagedFile, UploadFields
from data.room import require_room
from data.settings import UploadSettings
from data.tables import document_tags, documents, jobs, versions


def new_document_id() -> str:
    """Return an id that nobody can guess."""
    return f"doc-{secrets.token_hex(10)}"


class Acceptance:
    """Records uploads; ``QueueFull`` while too much of the workspace waits already."""

    def __init__(self, database: Database, settings: UploadSettings) -> None:
        self._database = database
        self._settings = settings

    def require_room(self, workspace: str, size: int) -> None:
        """Raise ``QueueFull`` when so many bytes more would not be taken now."""
        with self._database.read() as connection:
            require_room(connection, workspace, size, self._settings)

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
        try:
            return self._accept(workspace, document_id, fields, file, seal)
        except IntegrityError:  # the same bytes came twice at once; now one of them is there
            return self._accept(workspace, document_id, fields, file, seal)

    def next_version(self, workspace: str, document_id: str) -> int:
        """Return the number that a new version would get, or raise ``DocumentNotFound``."""
        with self._database.read() as connection:
            latest: int = _live(connection, workspace, document_id).latest_version
        return latest + 1

    def replace(
        self,
        workspace: str,
        document_id: str,
        version: int,
        filename: str,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        """Record a new version and queue its indexing; the latest bytes again change nothing.

        Older versions that are still being indexed are given up (``superseded``). Raises
        ``Conflict`` when the number was given to another upload meanwhile, or when the library
        has these bytes as another document.
        """
        try:
            return self._replace(workspace, document_id, version, filename, file, seal)
        except IntegrityError as error:
            raise Conflict("The library has these bytes as another document.") from error

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
            known = _with_bytes(connection, library_id, file.sha256)
            if known is not None:
                return self._again(connection, known, file, seal)
            require_room(connection, workspace, file.bytes, self._settings)
            _insert_document(connection, workspace, library_id, document_id, fields, file)
            job = _queue(connection, _live(connection, workspace, document_id), file, seal)
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
            known = _live(connection, workspace, document_id)
            if known.sha256 == file.sha256:
                return self._again(connection, known, file, seal)
            if known.latest_version + 1 != version:
                raise Conflict("Another version was uploaded at the same time. Send it again.")
            require_room(connection, workspace, file.bytes, self._settings)
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
            known = _live(connection, workspace, document_id)
            job = _queue(connection, known, file, seal, filename)
            document = get_document(connection, workspace, document_id)
            return Receipt(document, job, duplicate=False)

    def _again(
        self, connection: Connection, known: Row[Any], file: StagedFile, seal: Seal | None
    ) -> Receipt:
        """Return what there is of these bytes, queued once more when it had failed."""
        workspace = known.workspace_id
        is_latest = known.sha256 == file.sha256
        version = known.latest_version if is_latest else known.published_version
        job = _latest_ingest(connection, known.id, version)
        has_failed = is_latest and job.state.is_final and known.published_version != version
        if has_failed:
            require_room(connection, workspace, file.bytes, self._settings)
            reopen(connection, known.id, version, seal and seal(known.id))
            job = _insert_ingest(connection, known, file)
        document = get_document(connection, workspace, known.id)
        return Receipt(document, job, duplicate=True, requeued=has_failed)


def _live(connection: Connection, workspace: str, document_id: str) -> Row[Any]:
    row = connection.execute(
        select(documents).where(
            documents.c.id == document_id,
            documents.c.workspace_id == workspace,
            documents.c.deleted_at.is_(None),
        )
    ).first()
    if row is None:
        raise DocumentNotFound
    return row


def _with_bytes(connection: Connection, library_id: str, sha256: str) -> Row[Any] | None:
    """Return the live document whose latest or published version has these bytes, locked.

    So it is not deleted or queued again by another one meanwhile.
    """
    published = select(versions.c.document_id).where(
        versions.c.sha256 == sha256,
        versions.c.document_id == documents.c.id,
        versions.c.version == documents.c.published_version,
    )
    same = (
        select(documents)
        .where(
            documents.c.library_id == library_id,
            documents.c.deleted_at.is_(None),
            or_(documents.c.sha256 == sha256, documents.c.id.in_(published)),
        )
        .order_by(documents.c.created_at)
        .limit(1)
        .with_for_update(key_share=True)
    )
    return connection.execute(same).first()


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


def _insert_ingest(connection: Connection, document: Row[Any], file: StagedFile) -> Job:
    return insert_job(
        connection,
        document.workspace_id,
        document.library_id,
        document.id,
        document.latest_version,
        JobKind.INGEST,
        size=file.bytes,
    )


def _latest_ingest(connection: Connection, document_id: str, version: int) -> Job:
    latest = (
        job_columns()
        .where(
            jobs.c.document_id == document_id,
            jobs.c.version == version,
            jobs.c.kind == JobKind.INGEST,
        )
        .order_by(jobs.c.created_at.desc())
        .limit(1)
    )
    return job_of(connection.execute(latest).one())

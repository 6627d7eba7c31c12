"""An upload becomes a document, a version and a job, in one transaction."""

import secrets
from collections.abc import Callable

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from data.database import Database, clock
from data.documents import get_document
from data.jobs import insert_job, job_columns, job_of
from data.libraries import hold_library
from data.records import DocumentState, Job, JobKind, Receipt, StagedFile, UploadFields
from data.tables import document_tags, documents, jobs, versions

# A document's id to its file's password, encrypted for that document.
Seal = Callable[[str], bytes]


def new_document_id() -> str:
    """Return an id that nobody can guess."""
    return f"doc-{secrets.token_hex(10)}"


class Acceptance:
    """Records uploads."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
            # Locked, so that it is not deleted or queued again by another one meanwhile.
            same = (
                select(documents.c.id, documents.c.state, documents.c.latest_version)
                .where(
                    documents.c.library_id == library_id,
                    documents.c.sha256 == file.sha256,
                    documents.c.deleted_at.is_(None),
                )
                .with_for_update(key_share=True)
            )
            known = connection.execute(same).first()
            if known is None:
                _insert_document(connection, workspace, library_id, document_id, fields, file)
                _insert_version(connection, document_id, 1, file, seal and seal(document_id))
                job = insert_job(connection, workspace, library_id, document_id, 1, JobKind.INGEST)
                return Receipt(
                    get_document(connection, workspace, document_id), job, duplicate=False
                )
            requeued = known.state == DocumentState.FAILED
            if requeued:
                password = seal and seal(known.id)
                job = _queue_again(
                    connection, workspace, library_id, known.id, known.latest_version, password
                )
            else:
                job = _latest_ingest(connection, known.id)
            return Receipt(
                get_document(connection, workspace, known.id),
                job,
                duplicate=True,
                requeued=requeued,
            )


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


def _insert_version(
    connection: Connection,
    document_id: str,
    version: int,
    file: StagedFile,
    password: bytes | None,
) -> None:
    connection.execute(
        insert(versions).values(
            document_id=document_id,
            version=version,
            sha256=file.sha256,
            bytes=file.bytes,
            media_type=file.media_type,
            password=password,
            warnings=[],
            created_at=clock(),
        )
    )


def _queue_again(
    connection: Connection,
    workspace: str,
    library_id: str,
    document_id: str,
    version: int,
    password: bytes | None,
) -> Job:
    if password:
        connection.execute(
            update(versions)
            .where(versions.c.document_id == document_id, versions.c.version == version)
            .values(password=password)
        )
    connection.execute(
        update(documents)
        .where(documents.c.id == document_id)
        .values(state=DocumentState.INDEXING, updated_at=clock())
    )
    return insert_job(connection, workspace, library_id, document_id, version, JobKind.INGEST)


def _latest_ingest(connection: Connection, document_id: str) -> Job:
    latest = (
        job_columns()
        .where(jobs.c.document_id == document_id, jobs.c.kind == JobKind.INGEST)
        .order_by(jobs.c.created_at.desc())
        .limit(1)
    )
    return job_of(connection.execute(latest).one())

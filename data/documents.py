"""Documents, their versions and their pages, as readers may see them."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from data.contents import About, Line, LineKind, Page
from data.database import Database, clock, moment
from data.errors import DocumentNotFound, PageNotFound, VersionGone
from data.jobs import warnings_of
from data.listing import Listing, listing
from data.records import Document, DocumentState, StoredFile
from data.tables import document_tags, documents, libraries, pages, versions

# How long a superseded version stays readable.
SUPERSEDED_SECONDS = 24 * 3600


def live() -> ColumnElement[bool]:
    """Return the condition of documents that are not deleted, and their libraries neither."""
    library = exists().where(
        libraries.c.id == documents.c.library_id, libraries.c.deleted_at.is_(None)
    )
    return and_(documents.c.deleted_at.is_(None), library.correlate(documents))


def document_rows(workspace: str) -> Select[Any]:
    """Select the live documents of a workspace with the version that stands for them."""
    shown = func.coalesce(documents.c.published_version, documents.c.latest_version)
    return (
        select(
            documents,
            func.coalesce(documents.c.title, versions.c.title).label("shown_title"),
            libraries.c.name.label("library"),
            versions.c.version.label("shown_version"),
            versions.c.sha256.label("shown_sha256"),
            versions.c.bytes,
            versions.c.media_type,
            versions.c.pages,
            versions.c.chunks,
            versions.c.warnings,
            versions.c.about,
        )
        .join(libraries, libraries.c.id == documents.c.library_id)
        .join(
            versions,
            and_(versions.c.document_id == documents.c.id, versions.c.version == shown),
        )
        .where(
            documents.c.workspace_id == workspace,
            documents.c.deleted_at.is_(None),
            libraries.c.deleted_at.is_(None),
        )
    )


def document_of(row: Row[Any]) -> Document:
    """Return the record of a row of ``document_rows``."""
    return Document(
        id=row.id,
        library_id=row.library_id,
        library=row.library,
        filename=row.filename,
        title=row.shown_title,
        tags=tuple(row.tags),
        media_type=row.media_type,
        bytes=row.bytes,
        sha256=row.shown_sha256,
        version=row.shown_version,
        state=DocumentState(row.state),
        pages=row.pages,
        chunks=row.chunks,
        warnings=warnings_of(row.warnings),
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        about=about_of(row.about),
    )


def get_document(connection: Connection, workspace: str, document_id: str) -> Document:
    """Return a live document within the caller's transaction, or raise."""
    statement = document_rows(workspace).where(documents.c.id == document_id)
    row = connection.execute(statement).first()
    if row is None:
        raise DocumentNotFound
    return document_of(row)


def tagged(statement: Select[Any], tags: tuple[str, ...]) -> Select[Any]:
    """Keep the documents that carry all of the tags."""
    for tag in tags:
        carries = select(document_tags.c.document_id).where(document_tags.c.tag == tag)
        statement = statement.where(documents.c.id.in_(carries))
    return statement


class Documents:
    """Reads documents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, workspace: str, document_id: str) -> Document:
        """Return a document, or raise ``DocumentNotFound``."""
        with self._database.read() as connection:
            return get_document(connection, workspace, document_id)

    def known(self, document_ids: Sequence[str]) -> set[str]:
        """Return those of the ids that anything is left of, also while it is being removed."""
        statement = select(documents.c.id).where(documents.c.id.in_(document_ids))
        with self._database.read() as connection:
            return set(connection.execute(statement).scalars())

    def known_versions(self, document_ids: Sequence[str]) -> set[tuple[str, int]]:
        """Return the versions of these documents that are kept, or are being removed."""
        address = (versions.c.document_id, versions.c.version)
        statement = select(*address).where(versions.c.document_id.in_(document_ids))
        with self._database.read() as connection:
            return {(row.document_id, row.version) for row in connection.execute(statement)}

    def newest(
        self,
        workspace: str,
        library: str | None,
        state: DocumentState | None,
        tags: tuple[str, ...],
        limit: int,
        cursor: str | None,
    ) -> Listing[Document]:
        """Return documents, newest first."""
        statement = tagged(document_rows(workspace), tags)
        if library:
            statement = statement.where(libraries.c.name == library)
        if state:
            statement = statement.where(documents.c.state == state)
        with self._database.read() as connection:
            return listing(connection, statement, documents, limit, cursor, document_of)

    def file(self, workspace: str, document_id: str, version: int | None) -> StoredFile:
        """Return where the bytes of a version are (the shown one by default)."""
        with self._database.read() as connection:
            document = get_document(connection, workspace, document_id)
            version = version or document.version
            row = connection.execute(
                select(versions).where(
                    versions.c.document_id == document_id,
                    versions.c.version == version,
                    _readable(),
                )
            ).first()
        if row is None:
            raise VersionGone
        return StoredFile(
            key=f"{workspace}/{document_id}/{version}",
            filename=document.filename,
            media_type=row.media_type,
            bytes=row.bytes,
            version=version,
            password=row.password,
        )

    def page(self, workspace: str, document_id: str, version: int | None, number: int) -> Page:
        """Return a page of a published version, or of one superseded within a day."""
        with self._database.read() as connection:
            document = get_document(connection, workspace, document_id)
            version = version or document.version
            self._require_readable(connection, document_id, version)
            row = _page_row(connection, document_id, version, number)
        if row is None:
            raise PageNotFound(f"This version of the document has no page {number}.")
        return page_of(row)

    def pages(
        self, workspace: str, addresses: list[tuple[str, int, int]]
    ) -> dict[tuple[str, int, int], Page]:
        """Return pages by (document, version, page); those that may not be read are missing."""
        found: dict[tuple[str, int, int], Page] = {}
        with self._database.read() as connection:
            open_now = {
                version
                for version in {address[:2] for address in addresses}
                if _is_open(connection, workspace, *version)
            }
            for address in set(addresses):
                if address[:2] in open_now:
                    row = _page_row(connection, *address)
                    if row is not None:
                        found[address] = page_of(row)
        return found

    def readable(self, addresses: list[tuple[str, int]]) -> set[tuple[str, int]]:
        """Return those (document, version) whose pages somebody may read now."""
        with self._database.read() as connection:
            return _open_now(connection, _kept(addresses))

    def _require_readable(self, connection: Connection, document_id: str, version: int) -> None:
        row = connection.execute(_kept([(document_id, version)])).first()
        if row is None:
            raise VersionGone
        if not _was_published(row):
            raise PageNotFound("The document is not indexed yet. Follow its job, then ask again.")


def _versions() -> Select[Any]:
    return select(
        documents.c.id,
        documents.c.published_version,
        versions.c.version,
        versions.c.superseded_at,
    ).join(versions, versions.c.document_id == documents.c.id)


def _kept(addresses: Iterable[tuple[str, int]]) -> Select[Any]:
    address = tuple_(versions.c.document_id, versions.c.version)
    return _versions().where(address.in_(list(addresses)), _readable())


def _open_now(connection: Connection, kept: Select[Any]) -> set[tuple[str, int]]:
    rows = connection.execute(kept.where(live()))
    return {(row.id, row.version) for row in rows if _was_published(row)}


def _was_published(row: Row[Any]) -> bool:
    return row.published_version == row.version or row.superseded_at is not None


def _readable() -> Any:
    return or_(
        versions.c.superseded_at.is_(None),
        versions.c.superseded_at > clock() - SUPERSEDED_SECONDS,
    )


def _is_open(connection: Connection, workspace: str, document_id: str, version: int) -> bool:
    values = {"workspace": workspace, "document": document_id, "version": version}
    row = connection.execute(_kept_of_workspace(), values).first()
    return row is not None and _was_published(row)


def _page_row(connection: Connection, document_id: str, version: int, page: int) -> Row[Any] | None:
    values = {"document": document_id, "version": version, "page": page}
    return connection.execute(_page(), values).first()


# What every answer asks is put together once: that takes longer than SQLite takes to answer.
@cache
def _kept_of_workspace() -> Select[Any]:
    return _versions().where(
        versions.c.document_id == bindparam("document"),
        versions.c.version == bindparam("version"),
        documents.c.workspace_id == bindparam("workspace"),
        _readable(),
        live(),
    )


@cache
def _page() -> Select[Any]:
    return select(pages).where(
        pages.c.document_id == bindparam("document"),
        pages.c.version == bindparam("version"),
        pages.c.page == bindparam("page"),
    )


def page_of(row: Row[Any]) -> Page:
    """Return the record of a row of ``pages``."""
    return Page(
        number=row.page,
        text=row.text,
        boxes=row.boxes,
        lines=tuple(_line(*line) for line in row.lines),
        ocr=row.ocr,
        warning=row.warning,
        label=row.label,
    )


def about_of(stored: dict[str, Any] | None) -> About:
    """Return what is known of a version from its stored form."""
    return About(**(stored or {}))


def _line(start: int, end: int, size: float, bold: bool, kind: str = "") -> Line:  # noqa: FBT001 - as stored
    return Line(start, end, size, bold, LineKind(kind))

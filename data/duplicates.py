"""Which document has some bytes already."""

from typing import Any

from sqlalchemy import Connection, Row, and_, select

from data.documents import live
from data.errors import Conflict, DocumentNotFound
from data.jobs import latest_ingest
from data.tables import documents, versions

ANOTHER_DOCUMENT = "The library has these bytes as another document."


def live_document(connection: Connection, workspace: str, document_id: str) -> Row[Any]:
    """Return a live document's row, or raise ``DocumentNotFound``."""
    row = connection.execute(
        select(documents).where(
            documents.c.id == document_id,
            documents.c.workspace_id == workspace,
            live(),
        )
    ).first()
    if row is None:
        raise DocumentNotFound
    return row


def with_bytes(
    connection: Connection, library_id: str, sha256: str, *, held: bool = False
) -> Row[Any] | None:
    """Return the live document whose latest or published version has these bytes.

    When ``held``, it is not deleted or queued again by another one meanwhile.
    """
    is_live = documents.c.deleted_at.is_(None)
    latest = select(documents).where(
        documents.c.library_id == library_id, is_live, documents.c.sha256 == sha256
    )
    published = (
        select(documents)
        .join(
            versions,
            and_(
                versions.c.document_id == documents.c.id,
                versions.c.version == documents.c.published_version,
            ),
        )
        # As an expression: SQLite would use the column's index, and read the whole library.
        .where(
            versions.c.sha256 == sha256, documents.c.library_id.concat("") == library_id, is_live
        )
    )
    for found in (latest, published):
        first = found.order_by(documents.c.created_at).limit(1)
        if held:
            first = first.with_for_update(of=documents, key_share=True)
        if row := connection.execute(first).first():
            return row
    return None


def version_with(known: Row[Any], sha256: str) -> int:
    """Return which version of a document found ``with_bytes`` has them."""
    version: int = known.latest_version if known.sha256 == sha256 else known.published_version
    return version


def current_version(connection: Connection, known: Row[Any], sha256: str) -> int | None:
    """Return a document's version that has these bytes, unless another one is to follow it."""
    if known.sha256 == sha256:
        return int(known.latest_version)
    is_settled = latest_ingest(connection, known.id, known.latest_version).state.is_final
    same = select(versions.c.version).where(
        versions.c.document_id == known.id,
        versions.c.version == known.published_version,
        versions.c.sha256 == sha256,
    )
    return connection.execute(same).scalar() if is_settled else None


def require_unknown(connection: Connection, known: Row[Any], sha256: str) -> None:
    """Raise ``Conflict`` when another document of the library has these bytes."""
    other = with_bytes(connection, known.library_id, sha256)
    if other is not None and other.id != known.id:
        raise Conflict(ANOTHER_DOCUMENT)

"""Libraries: named sets of documents."""

import secrets
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from data.database import Database, clock, moment
from data.errors import LibraryExists, LibraryNotFound
from data.listing import Listing, listing
from data.records import Library
from data.setup_errors import FingerprintMismatch
from data.tables import documents, libraries

DEFAULT = "default"


def library_rows(workspace: str) -> Select[Any]:
    """Select the live libraries of a workspace."""
    return select(libraries).where(
        libraries.c.workspace_id == workspace, libraries.c.deleted_at.is_(None)
    )


@cache
def _named() -> Select[Any]:
    """Select by the parameters workspace and name; put together once, as each question asks it."""
    return select(libraries).where(
        libraries.c.workspace_id == bindparam("workspace"),
        libraries.c.name == bindparam("name"),
        libraries.c.deleted_at.is_(None),
    )


def library_of(row: Row[Any]) -> Library:
    """Return the record of a row of ``libraries``."""
    return Library(
        id=row.id,
        workspace=row.workspace_id,
        name=row.name,
        fingerprint=row.fingerprint,
        generation=row.generation,
        chroma_server=row.chroma_server,
        created_at=moment(row.created_at),
        building=row.building,
        dead=row.dead,
    )


def get_library(connection: Connection, workspace: str, name: str) -> Library:
    """Return a live library within the caller's transaction, or raise ``LibraryNotFound``."""
    row = connection.execute(_named(), {"workspace": workspace, "name": name}).first()
    if row is None:
        raise LibraryNotFound(f"There is no library named “{name}”.")
    return library_of(row)


def hold_library(connection: Connection, workspace: str, name: str, *, alone: bool) -> str:
    """Return a live library's id, and keep it live until the caller's transaction ends.

    Several may hold it at once, or one alone: the one that deletes it.
    """
    statement = library_rows(workspace).where(libraries.c.name == name)
    row = connection.execute(statement.with_for_update(read=not alone)).first()
    if row is None:
        raise LibraryNotFound(f"There is no library named “{name}”.")
    return library_of(row).id


def insert_library(connection: Connection, workspace: str, name: str) -> Library:
    """Make a library within the caller's transaction."""
    values = {
        "id": f"lib-{secrets.token_hex(8)}",
        "workspace_id": workspace,
        "name": name,
        "created_at": clock(),
    }
    row = connection.execute(insert(libraries).values(values).returning(libraries)).one()
    return library_of(row)


class Libraries:
    """Makes libraries and reads them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, workspace: str, name: str) -> Library:
        """Make a library, or raise ``LibraryExists``."""
        try:
            with self._database.write() as connection:
                return insert_library(connection, workspace, name)
        except IntegrityError as error:
            raise LibraryExists from error

    def newest(self, workspace: str, limit: int, cursor: str | None) -> Listing[Library]:
        """Return libraries, newest first."""
        with self._database.read() as connection:
            return listing(
                connection, library_rows(workspace), libraries, limit, cursor, library_of
            )

    def named(self, workspace: str, names: tuple[str, ...]) -> tuple[Library, ...]:
        """Return the libraries of these names, or raise ``LibraryNotFound``."""
        with self._database.read() as connection:
            return tuple(get_library(connection, workspace, name) for name in dict.fromkeys(names))

    def every(self) -> tuple[Library, ...]:
        """Return the live libraries of all workspaces, for checks and warming up."""
        with self._database.read() as connection:
            rows = connection.execute(select(libraries).where(libraries.c.deleted_at.is_(None)))
            return tuple(map(library_of, rows))

    def is_empty(self, library: Library) -> bool:
        """Return whether no document is left in a library, not even one being purged."""
        rest = select(documents.c.id).where(documents.c.library_id == library.id).limit(1)
        with self._database.read() as connection:
            return connection.execute(rest).first() is None

    def holding(self, library_id: str) -> Library:
        """Return a library, deleted or not, as it is now: what its writers write to."""
        statement = select(libraries).where(libraries.c.id == library_id)
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        if row is None:
            raise LibraryNotFound
        return library_of(row)

    def of_job(self, library_id: str, fingerprint: str = "") -> Library:
        """Return a library as ``holding``; the first fingerprint given becomes its own.

        Raises ``FingerprintMismatch`` when it was embedded with another model.
        """
        with self._database.write() as connection:
            if fingerprint:
                connection.execute(
                    update(libraries)
                    .where(libraries.c.id == library_id, libraries.c.fingerprint == "")
                    .values(fingerprint=fingerprint)
                )
            row = connection.execute(select(libraries).where(libraries.c.id == library_id)).first()
        if row is None:
            raise LibraryNotFound
        if fingerprint and row.fingerprint != fingerprint:
            raise FingerprintMismatch
        return library_of(row)

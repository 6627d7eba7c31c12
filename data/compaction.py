"""Files give back the room of what was removed from them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from data.database import Database
from data.errors import CatalogueUnavailable, StorageFull


def catalogue_files(database: Database) -> tuple[Path, ...]:
    """Return the files of a catalogue on SQLite; none of any other."""
    path = database.engine.url.database
    if not database.is_sqlite or not path:
        return ()
    return tuple(Path(f"{path}{ending}") for ending in ("", "-wal", "-shm"))


def compact(database: Database) -> None:
    """Rewrite a catalogue on SQLite without its holes; other databases do that by themselves.

    Writers wait meanwhile. Raises ``StorageFull``, and ``CatalogueUnavailable`` when it is in use.
    """
    if not database.is_sqlite:
        return
    # The driver's own connection: a VACUUM is no part of a transaction.
    with closing(database.engine.raw_connection()) as connection:
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            raise (StorageFull if "full" in str(error) else CatalogueUnavailable) from error

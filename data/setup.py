"""The first minute of a deployment: schema, workspace, library and admin key."""

import secrets

from sqlalchemy import insert, select

from data.counters import CATALOGUE, JOBS
from data.database import Database, clock
from data.files import write_private
from data.keys import hash_of, insert_key, new_secret
from data.libraries import DEFAULT, insert_library
from data.migration import alone, migrate
from data.records import Role
from data.settings import Settings
from data.tables import counters, keys, workspaces


def prepare(settings: Settings) -> str | None:
    """Migrate, and make what a new catalogue needs; return the admin key's text if it is new.

    The key is kept in ``$FOOTNOTE_HOME/admin.key`` unless the settings gave it. Safe to call
    at any time.
    """
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url, settings.database)
    try:
        migrate(database)
        return _furnish(database, settings)
    finally:
        database.close()


def _furnish(database: Database, settings: Settings) -> str | None:
    path = settings.folder / "admin.key"
    given = settings.admin_key.get_secret_value() if settings.admin_key else None
    kept = path.read_text().strip() if path.exists() else None
    secret = given or kept or new_secret()
    with database.write() as connection:
        alone(connection, database)
        workspace = connection.execute(select(workspaces.c.id)).scalar()
        if workspace is None:
            workspace = f"ws-{secrets.token_hex(8)}"
            connection.execute(
                insert(workspaces).values(id=workspace, name="default", created_at=clock())
            )
            rows = [{"name": CATALOGUE, "value": 0}, {"name": JOBS, "value": 0}]
            connection.execute(insert(counters), rows)
            insert_library(connection, workspace, DEFAULT)
        known = connection.execute(select(keys.c.id).where(keys.c.hash == hash_of(secret))).first()
        admin = connection.execute(select(keys.c.id).where(keys.c.role == Role.ADMIN)).first()
        if known or (admin and not given):
            return None
        insert_key(connection, workspace, Role.ADMIN, "first admin", secret)
        # Before the commit: a key that is in force must be readable somewhere.
        if not given:
            write_private(path, secret + "\n")
    return secret

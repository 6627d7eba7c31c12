"""A workspace of its own for every run: vectors are only reused within one."""

import secrets
from pathlib import Path

from sqlalchemy import insert

from data.database import Database, clock
from data.keys import insert_key, new_secret
from data.libraries import DEFAULT, insert_library
from data.records import Role
from data.settings import DatabaseSettings
from data.tables import workspaces


def new_workspace(home: Path, name: str) -> str:
    """Make a workspace with an empty default library, and return its admin key."""
    database = Database(f"sqlite:///{home / 'catalogue.db'}", DatabaseSettings())
    identity, secret = f"ws-{secrets.token_hex(8)}", new_secret()
    try:
        with database.write() as connection:
            connection.execute(
                insert(workspaces).values(id=identity, name=name, created_at=clock())
            )
            insert_library(connection, identity, DEFAULT)
            insert_key(connection, identity, Role.ADMIN, name, secret)
    finally:
        database.close()
    return secret

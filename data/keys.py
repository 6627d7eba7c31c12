"""API keys: 256 random bits, kept as their SHA-256."""

import hashlib
import secrets

from sqlalchemy import Connection, insert, select

from data.database import Database, clock
from data.records import Key, Role
from data.tables import keys

PREFIX = "fn-"


def hash_of(secret: str) -> str:
    """Return what is stored of a key. No salt: the key itself is random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def insert_key(connection: Connection, workspace: str, role: Role, name: str, secret: str) -> None:
    """Store a key within the caller's transaction."""
    connection.execute(
        insert(keys).values(
            id=f"key-{secrets.token_hex(8)}",
            workspace_id=workspace,
            role=role,
            name=name,
            hash=hash_of(secret),
            created_at=clock(),
        )
    )


def new_secret() -> str:
    """Return a new key's text."""
    return PREFIX + secrets.token_urlsafe(32)


class Keys:
    """Looks keys up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, secret: str) -> Key | None:
        """Return whose key this is. Constant time: what is compared is a hash, by an index."""
        with self._database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.hash == hash_of(secret))).first()
        return Key(row.id, row.workspace_id, Role(row.role), row.name) if row else None

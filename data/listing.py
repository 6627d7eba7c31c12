"""Newest-first lists with a cursor that stays right while rows are added."""

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select, Table, tuple_

from data.errors import Invalid

Item = TypeVar("Item")
NOT_OURS = "The cursor is not one that a list has returned."


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """One page of a list."""

    items: tuple[Item, ...]
    next_cursor: str | None


def listing(
    connection: Connection,
    statement: Select[Any],
    table: Table,
    limit: int,
    cursor: str | None,
    record: Callable[[Row[Any]], Item],
) -> Listing[Item]:
    """Return ``limit`` records of the statement after the cursor, newest first."""
    position = tuple_(table.c.created_at, table.c.id)
    if cursor:
        statement = statement.where(position < _decoded(cursor))
    statement = statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit + 1)
    rows: Sequence[Row[Any]] = connection.execute(statement).all()
    more = rows[limit - 1] if len(rows) > limit else None
    return Listing(tuple(map(record, rows[:limit])), _encoded(more) if more else None)


def _encoded(row: Row[Any]) -> str:
    # repr keeps every digit of the float.
    return base64.urlsafe_b64encode(f"{row.created_at!r} {row.id}".encode()).decode()


def _decoded(cursor: str) -> tuple[float, str]:
    try:
        created_at, identity = base64.urlsafe_b64decode(cursor).decode().split(" ")
        position = float(created_at), identity
    except (binascii.Error, ValueError) as error:
        raise Invalid(NOT_OURS) from error
    if not math.isfinite(position[0]) or not identity.isprintable():
        raise Invalid(NOT_OURS)
    return position

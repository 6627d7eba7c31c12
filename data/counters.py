"""Counters whose order is the order of commits.

A counter's row is the last lock of a transaction, ``CATALOGUE`` before ``JOBS``: its holder
then waits for nobody. The order of all locks: library, document, job, counters.
"""

from sqlalchemy import Connection, select, update

from data.tables import counters

CATALOGUE = "catalogue"
JOBS = "jobs"


def advance(connection: Connection, name: str) -> int:
    """Return the counter's next value; the row stays locked until the commit."""
    statement = (
        update(counters)
        .where(counters.c.name == name)
        .values(value=counters.c.value + 1)
        .returning(counters.c.value)
    )
    value: int = connection.execute(statement).scalar_one()
    return value


def current(connection: Connection, name: str) -> int:
    """Return the counter's committed value."""
    value: int = connection.execute(
        select(counters.c.value).where(counters.c.name == name)
    ).scalar_one()
    return value

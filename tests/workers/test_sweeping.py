"""Orphans go, and nothing else."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from data.acceptance import new_document_id
from data.errors import IndexUnavailable
from data.index_folders import IndexFolders
from data.orphans import Orphans
from data.records import StagedFile, UploadFields
from data.settings import Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from workers.sweeping import Sweeper


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    settings = Settings(home=tmp_path)
    prepare(settings)
    with open_stores(settings) as opened:
        yield opened


def sweeper(stores: Stores) -> Sweeper:
    return Sweeper(Orphans(stores.blobs, stores.documents), stores.purges)


def age(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (time.time() - 7200,) * 2)


def stored(stores: Stores, document: str, *, is_known: bool) -> None:
    staging = stores.blobs.stage()
    staging.write(b"%PDF-")
    file = StagedFile(staging.name, 5, staging.finish(), "application/pdf")
    (workspace,) = {library.workspace for library in stores.libraries.every()}
    stores.blobs.keep(file.name, f"{workspace}/{document}/1")
    if is_known:
        stores.acceptance.accept(workspace, document, UploadFields("a.pdf"), file, None)


def files(folder: Path) -> set[str]:
    return {part for path in folder.rglob("*") if path.is_file() for part in path.parts}


def test_removes_what_no_document_knows(stores: Stores, tmp_path: Path) -> None:
    known, orphan = new_document_id(), new_document_id()
    stored(stores, known, is_known=True)
    stored(stores, orphan, is_known=False)
    staging = stores.blobs.stage()
    staging.close()
    (folder,) = (tmp_path / "blobs").glob(f"*/{known}")
    (folder / "2").write_bytes(b"of an upload that broke off")
    age(tmp_path / "blobs")

    swept = sweeper(stores).run_once()

    left = files(tmp_path / "blobs")
    assert swept == 3
    assert known in left
    assert [path.name for path in folder.iterdir()] == ["1"]
    assert orphan not in left
    assert not list((tmp_path / "blobs").glob(f"*/{orphan}"))
    assert staging.name not in left


def test_removes_the_folders_of_collections_that_are_gone(stores: Stores, tmp_path: Path) -> None:
    kept, orphan, other = (str(UUID(int=1)), str(UUID(int=2)), "not-of-a-vector-index")
    for name in (kept, orphan, other):
        (tmp_path / "chroma" / name).mkdir(parents=True)
    with closing(sqlite3.connect(tmp_path / "chroma" / "chroma.sqlite3")) as database:
        database.execute("CREATE TABLE segments (id TEXT)")
        database.execute("INSERT INTO segments VALUES (?)", (kept,))
        database.commit()
    folders = IndexFolders(tmp_path / "chroma")
    sweeper = Sweeper(Orphans(stores.blobs, stores.documents), stores.purges, folders)

    assert [sweeper.run_once() for _ in range(2)] == [1, 0]

    assert folders.names() == {kept}
    assert (tmp_path / "chroma" / other).is_dir()


def test_removes_no_folder_while_nobody_says_whose_it_is(tmp_path: Path) -> None:
    name = str(UUID(int=1))
    (tmp_path / "chroma" / name).mkdir(parents=True)
    folders = IndexFolders(tmp_path / "chroma")

    with pytest.raises(IndexUnavailable):
        folders.sweep()

    assert folders.names() == {name}


def test_keeps_what_may_still_become_a_document(stores: Stores, tmp_path: Path) -> None:
    young, known = new_document_id(), new_document_id()
    stored(stores, young, is_known=False)
    stored(stores, known, is_known=True)
    (folder,) = (tmp_path / "blobs").glob(f"*/{known}")
    age(folder)
    (folder / "2").write_bytes(b"a new version, just before its row")

    assert sweeper(stores).run_once() == 0
    assert young in files(tmp_path / "blobs")
    assert {path.name for path in folder.iterdir()} == {"1", "2"}

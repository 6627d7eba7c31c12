"""Orphans go, and nothing else."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.acceptance import new_document_id
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
    age(tmp_path / "blobs")

    swept = Sweeper(stores.blobs, stores.documents).run_once()

    left = files(tmp_path / "blobs")
    assert swept == 2
    assert known in left
    assert orphan not in left
    assert staging.name not in left


def test_keeps_what_may_still_become_a_document(stores: Stores, tmp_path: Path) -> None:
    young = new_document_id()
    stored(stores, young, is_known=False)

    assert Sweeper(stores.blobs, stores.documents).run_once() == 0
    assert young in files(tmp_path / "blobs")

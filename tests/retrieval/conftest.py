"""What tests of answers need: pages to cite, a model that says what it is told, a catalogue."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from data.settings import Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from tests.contracts.corpus import Corpus
from tests.model_server import ModelServer
from tests.retrieval.shelf import Shelf


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer() as server:
        yield server


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    settings = Settings(home=tmp_path)
    prepare(settings)
    with open_stores(settings) as opened:
        yield opened


@pytest.fixture
def corpus(stores: Stores) -> Corpus:
    """A catalogue whose default library has an embedding model."""
    library = stores.libraries.every()[0]
    stores.libraries.of_job(library.id, "f" * 64)
    return Corpus(stores, library.workspace)

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.settings import EmbedderSettings
from retrieval.embedding import Embedder


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose models are converted once per test session."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def embedder(model_home: Path) -> Iterator[Embedder]:
    embedder = Embedder.open(EmbedderSettings(), model_home, throughput=False)
    yield embedder
    embedder.close()

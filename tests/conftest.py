from collections.abc import Iterator
from pathlib import Path

import pytest

from data.settings import EmbedderSettings
from retrieval.embedding import Embedder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of tests/chaos: here, because only this file is read early enough."""
    chaos = parser.getgroup("chaos")
    chaos.addoption("--chaos-seed", type=int, action="append", help="run this seed; repeatable")
    chaos.addoption("--chaos-rounds", type=int, default=0, help="run so many seeds by chance")
    chaos.addoption("--chaos-seconds", type=float, default=30.0, help="of mischief, per seed")


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose models are converted once per test session."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def embedder(model_home: Path) -> Iterator[Embedder]:
    embedder = Embedder.open(EmbedderSettings(), model_home, throughput=False)
    yield embedder
    embedder.close()

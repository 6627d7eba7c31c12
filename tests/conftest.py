import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.settings import EmbedderSettings
from retrieval import converted
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
def make_home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes homes in which the embedding model is converted already: a stack starts sooner."""
    converted.ensure(EmbedderSettings(), model_home)

    def make() -> Path:
        home = tmp_path_factory.mktemp("stack") / "home"
        shutil.copytree(model_home / "models", home / "models")
        return home

    return make


@pytest.fixture(scope="session")
def embedder(model_home: Path) -> Iterator[Embedder]:
    embedder = Embedder.open(EmbedderSettings(), model_home, throughput=False)
    yield embedder
    embedder.close()

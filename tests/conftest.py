import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.settings import EmbedderSettings
from retrieval import converted
from retrieval.embedding import Embedder

TESTS = Path(__file__).parent
# These start whole stacks, servers and processes.
SLOWEST = ("integration", "chaos", "cli", "contracts", "ingestion")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of tests/chaos: here, because only this file is read early enough."""
    chaos = parser.getgroup("chaos")
    chaos.addoption("--chaos-seed", type=int, action="append", help="run this seed; repeatable")
    chaos.addoption("--chaos-rounds", type=int, default=0, help="run so many seeds by chance")
    chaos.addoption("--chaos-seconds", type=float, default=30.0, help="of mischief, per seed")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that two workers end at about the same time."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return SLOWEST.index(folder) if folder in SLOWEST else len(SLOWEST)


@pytest.fixture(scope="session")
def model_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose models are converted once per test session, whatever its workers."""
    folder = tmp_path_factory.getbasetemp()
    is_worker = hasattr(request.config, "workerinput")
    home = (folder.parent if is_worker else folder) / "models"
    home.mkdir(exist_ok=True)
    return home


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

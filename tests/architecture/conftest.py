"""Every module of the five packages, for the tests that read their syntax trees."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "workers", "ingestion", "retrieval", "data")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``module_path`` once for every module, named by its path."""
    if "module_path" in metafunc.fixturenames:
        paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
        relative = [path.relative_to(ROOT) for path in paths]
        metafunc.parametrize("module_path", relative, ids=str)


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def source(root: Path, module_path: Path) -> str:
    return (root / module_path).read_text(encoding="utf-8")

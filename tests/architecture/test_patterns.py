"""Regular expressions mean the same on every Python that is supported."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = [
    path for package in ("api", "data", "ingestion", "retrieval", "workers")
    for path in sorted((ROOT / package).rglob("*.py"))
]  # fmt: skip
# Before Python 3.11.5 (Debian 12 has 3.11.2), possessive groups lose matches: cpython 106052.
POSSESSIVE_GROUP = re.compile(r"""\)(?:[*+?]|\{[\d,]+\})\+|\(\?>""")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_group_is_possessive_or_atomic(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if POSSESSIVE_GROUP.search(line)] == []

"""The README tells of every setting, every route and every error code."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

import data.file_errors
import data.setup_errors  # noqa: F401 - branches of the tree
from api.app import create_app
from data.errors import FootnoteError
from data.settings import Settings

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def readme() -> str:
    return (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def setting_names() -> Iterator[str]:
    for section, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (f"FOOTNOTE_{section}__{name}".upper() for name in kind.model_fields)
        else:
            yield f"FOOTNOTE_{section}".upper()


def codes(kind: type[FootnoteError]) -> Iterator[str]:
    yield kind.code
    for child in kind.__subclasses__():
        yield from codes(child)


def without_names(address: str) -> str:
    """Return an address whose parameters are nameless: ``/jobs/{id}`` and ``/jobs/{job_id}``."""
    return re.sub(r"\{[^}]*\}", "{}", address)


@pytest.mark.parametrize("name", list(setting_names()))
def test_every_setting_is_in_the_readme(name: str, readme: str) -> None:
    assert re.search(rf"\b{name}\b", readme)


@pytest.mark.parametrize("code", sorted(set(codes(FootnoteError))))
def test_every_error_code_is_in_the_readme(code: str, readme: str) -> None:
    assert f"`{code}`" in readme


def test_every_route_is_in_the_readme(readme: str) -> None:
    told = without_names(readme)
    routes = [
        f"{method.upper()} {without_names(path)}"
        for path, operations in create_app().openapi()["paths"].items()
        for method in operations
        if method in METHODS
    ]

    assert routes
    assert [r for r in routes if not re.search(rf"{re.escape(r)}(?![\w/{{])", told)] == []

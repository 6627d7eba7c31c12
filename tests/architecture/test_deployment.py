"""The files for deploying agree with the program and with each other."""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from data.settings import Settings

LOCKS = ("requirements.lock", "requirements-dev.lock")
# Settings of docker-compose.yml itself.
COMPOSE_ONLY = {"FOOTNOTE_PUBLISH_HOST", "FOOTNOTE_PUBLISH_PORT"}
# The one licence that asks for more than a notice; used as a library, unchanged.
LESSER = {"psycopg", "psycopg-binary"}


def locked(root: Path, name: str) -> list[Requirement]:
    lines = (root / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]


def licence_of(name: str) -> str:
    facts = metadata.metadata(name)
    classifiers = [c for c in facts.get_all("Classifier") or [] if c.startswith("License")]
    return facts["License-Expression"] or " ".join(classifiers) or facts["License"] or ""


def version_of(root: Path, library: str) -> str:
    [pin] = [str(r.specifier) for r in locked(root, LOCKS[0]) if r.name == library]
    return pin.removeprefix("==")


@pytest.mark.parametrize("name", LOCKS)
class TestEveryLock:
    def test_pins_every_line_to_one_version(self, root: Path, name: str) -> None:
        assert [
            r for r in locked(root, name) if not re.fullmatch(r"==[\w.]+", str(r.specifier))
        ] == []
        assert [r for r in locked(root, name) if r.url] == []

    def test_holds_no_cuda_library(self, root: Path, name: str) -> None:
        assert [r.name for r in locked(root, name) if re.match("nvidia|cuda|triton", r.name)] == []

    def test_holds_no_licence_that_binds_the_whole(self, root: Path, name: str) -> None:
        here = [r.name for r in locked(root, name) if not r.marker or r.marker.evaluate()]
        licences = {library: licence_of(library) for library in here}
        lesser = r"LGPL|Lesser General Public License"

        assert [n for n, text in licences.items() if not text] == []
        assert {n for n, text in licences.items() if re.search(lesser, text)} <= LESSER
        binding = {n: re.sub(lesser, "", text) for n, text in licences.items()}
        assert [n for n, t in binding.items() if re.search("GPL|General Public", t)] == []


def test_torch_and_the_chroma_server_are_the_locked_ones(root: Path) -> None:
    compose = (root / "docker-compose.yml").read_text(encoding="utf-8")

    assert version_of(root, "torch") == "2.13.0"
    assert f"chromadb/chroma:{version_of(root, 'chromadb')}\n" in compose


@pytest.mark.parametrize("name", [".env.example", "docker-compose.yml", "Dockerfile"])
def test_names_only_settings_that_exist(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")

    for setting in set(re.findall(r"\bFOOTNOTE_[A-Z0-9_]+", text)) - COMPOSE_ONLY:
        section, _, field = setting.removeprefix("FOOTNOTE_").lower().partition("__")
        kind = Settings.model_fields[section].annotation
        assert not field or field in getattr(kind, "model_fields", {}), setting


def test_no_volume_hides_the_program(root: Path) -> None:
    compose = (root / "docker-compose.yml").read_text(encoding="utf-8")

    assert not re.search(r"^\s+- [\w./-]+:/app", compose, flags=re.MULTILINE)


def test_only_the_api_is_published_and_on_this_machine_alone(root: Path) -> None:
    compose = (root / "docker-compose.yml").read_text(encoding="utf-8")

    assert re.findall(r"ports:\n\s+- (.+)", compose) == [
        '"${FOOTNOTE_PUBLISH_HOST:-127.0.0.1}:${FOOTNOTE_PUBLISH_PORT:-8000}:8000"'
    ]

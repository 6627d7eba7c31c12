"""The process as it is started: its lifespan, and how it stops."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.lifespan import require_fingerprint, serving
from api.metrics import Metrics
from data.records import Library
from data.settings import IndexSettings, Settings
from data.setup import prepare
from data.setup_errors import FingerprintMismatch, WrongRevision
from data.stores import open_stores
from retrieval.embedding import Embedder

PDF = b"%PDF-1.7\n"


@pytest.fixture
def home(tmp_path: Path, model_home: Path, embedder: Embedder) -> Path:
    """A home that is set up, with a model that is converted already."""
    prepare(Settings(home=tmp_path / "home"))
    assert embedder.fingerprint
    (tmp_path / "home" / "models").symlink_to(model_home / "models")
    return tmp_path / "home"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


async def test_a_process_serves_what_it_can_without_a_broker_and_an_index(home: Path) -> None:
    settings = Settings(home=home, index=IndexSettings(timeout_seconds=0.2))
    async with serving(settings, Metrics()) as state:
        while (report := await state.health.report()).checks["lexical"].status == "down":
            pass

    assert report.status == "degraded"
    down = {name for name, check in report.checks.items() if check.status == "down"}
    assert down == {"broker", "index", "workers"}


async def test_a_process_refuses_another_schema(tmp_path: Path) -> None:
    with pytest.raises(WrongRevision):
        async with serving(Settings(home=tmp_path), Metrics()):
            pass


def test_a_process_refuses_vectors_of_another_model(home: Path) -> None:
    with open_stores(Settings(home=home)) as stores:
        [library] = stores.libraries.every()
        assert isinstance(library, Library)
        require_fingerprint(stores.libraries, "mine")
        stores.libraries.of_job(library.id, "theirs")

        with pytest.raises(FingerprintMismatch, match="Configure that model again"):
            require_fingerprint(stores.libraries, "mine")


def test_a_stream_of_a_job_ends_when_the_process_is_told_to_stop(
    home: Path, listener: socket.socket
) -> None:
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app"]
    environment = {**os.environ, "FOOTNOTE_HOME": str(home), "FOOTNOTE_LOGS__LEVEL": "ERROR"}
    key = (home / "admin.key").read_text().strip()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with (
        subprocess.Popen(
            [*command, "--fd", str(listener.fileno()), "--log-level", "error"],
            env=environment,
            pass_fds=[listener.fileno()],
            stderr=subprocess.PIPE,
        ) as process,
        httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=30,
            trust_env=False,
        ) as client,
    ):
        files = {"file": ("a.pdf", PDF)}
        job = client.post("/v1/documents", files=files).json()["job"]["id"]
        with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
            pieces = stream.iter_text()
            first = next(pieces)
            process.send_signal(signal.SIGTERM)
            rest = "".join(pieces)
        _, said = process.communicate(timeout=30)

    assert first.startswith("event: job\n")
    assert rest.startswith("event: error\n")
    assert "shutting_down" in rest
    assert b"Traceback" not in said

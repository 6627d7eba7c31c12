"""The programs of the embedded stack, as the settings want them."""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import api
from api.bodies import JSON_BYTES
from api.cli import chroma, ports, valkey
from api.cli.addresses import near, url
from api.cli.heartbeat import answers
from api.cli.home import emptied
from api.cli.program import Program
from data.settings import EmbedderSettings, Settings
from retrieval import converted

FOOTNOTE = (sys.executable, "-m", "api.cli.main")
CATALOGUE, MODEL = "catalogue", "model"
ROOT = Path(api.__file__).parents[1]
# uvicorn is told to stop when all answers are over.
CLOSING_SECONDS = 5
# It ends by itself within 20 (workers/process.py), its slice done or handed back.
WORKER_GRACE_SECONDS = 25.0


@dataclass(frozen=True)
class Stack:
    """What to run, and where it is then served."""

    programs: tuple[Program, ...]
    address: str

    @property
    def converts(self) -> bool:
        """Whether the embedding model is made ready first, which takes its time once."""
        return any(program.name == MODEL for program in self.programs)


def embedded(
    settings: Settings, said: Mapping[str, str], home: Path, opened: ExitStack, *, tour: bool
) -> Stack:
    """Return the stack of a home; servers whose addresses are given are not part of it.

    ``said`` goes into every environment. Ports are held, and the socket kept, until
    ``opened`` closes. Raises ``PortTaken``.
    """
    host = settings.api.host
    port = ports.reserve(host, settings.api.port, opened)
    servers, addresses = _servers(settings, home, opened)
    environment = {
        **said,
        **addresses,
        "FOOTNOTE_HOME": str(home),
        "FOOTNOTE_API__PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(emptied(home / "run" / "metrics")),
        "TOKENIZERS_PARALLELISM": "false",
        "ANONYMIZED_TELEMETRY": "False",
        # Every child imports this checkout, whatever lies in the working directory.
        "PYTHONSAFEPATH": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        **_hub(settings.embedder),
    }
    programs = [
        Program(CATALOGUE, (*FOOTNOTE, "migrate"), once=True),
        *servers,
        *_conversion(settings.embedder, home),
        _service(settings, port),
        _worker(),
    ]
    if tour:
        programs.append(Program("tour", (*FOOTNOTE, "tour"), once=True, foreground=True))
    return Stack(
        tuple(replace(p, environment={**environment, **p.environment}) for p in programs),
        url(host, port),
    )


def _servers(
    settings: Settings, home: Path, opened: ExitStack
) -> tuple[list[Program], dict[str, str]]:
    """Return the servers that nobody gave an address of, and the addresses of ours."""
    servers: list[Program] = []
    addresses: dict[str, str] = {}
    if settings.broker.url is None:
        path = valkey.socket_path(home)
        opened.callback(valkey.forget_socket, home, path)
        servers.append(valkey.broker(home, path))
        addresses["FOOTNOTE_BROKER__URL"] = f"redis+socket://{path}"
    if settings.index.url is None:
        port = ports.remembered(chroma.HOST, home / "run" / "chroma.port", opened)
        servers.append(chroma.index(home, port))
        addresses["FOOTNOTE_INDEX__URL"] = f"http://{chroma.HOST}:{port}"
    return servers, addresses


def _service(settings: Settings, port: int) -> Program:
    """Return the API. It loads while Chroma does; without its answer it is not ready."""
    host = settings.api.host
    options = {
        "app-dir": str(ROOT),
        "host": host,
        "port": str(port),
        "workers": str(settings.api.processes),
        "loop": "api.loop:EagerLoop",
        "http": "api.protocol:BoundedProtocol",
        "timeout-graceful-shutdown": str(CLOSING_SECONDS),
        # Of a message over a web socket; what a request may have too.
        "ws-max-size": str(JSON_BYTES),
        # Tokens are too short to gain by it.
        "ws-per-message-deflate": "false",
        # On a busy machine a process that is still importing answers later than in 5 s. One that is
        # killed while it is asked is missed for as long, and a signal is not heard meanwhile.
        "timeout-worker-healthcheck": "10",
        "log-level": "warning",
    }
    words = (word for name, value in options.items() for word in (f"--{name}", value))
    command = (sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory", *words)
    return Program(
        "api",
        (*command, "--no-access-log"),
        ready=answers(near(host), port, "/health/ready"),
        after=(CATALOGUE, MODEL),
        # Its answers' own (api/draining.py), uvicorn's, and some for the lifespan to close.
        grace_seconds=settings.api.graceful_seconds + CLOSING_SECONDS + 5.0,
        hears_at_once=True,
    )


def _worker() -> Program:
    return Program(
        "worker",
        (*FOOTNOTE, "worker"),
        after=(CATALOGUE, MODEL),
        grace_seconds=WORKER_GRACE_SECONDS,
        hears_at_once=True,
        niceness=15,
    )


def _conversion(embedder: EmbedderSettings, home: Path) -> list[Program]:
    """Return what makes the embedding model ready, unless it is."""
    if converted.find(home, embedder.model, embedder.max_tokens) is not None:
        return []
    return [Program(MODEL, (*FOOTNOTE, "prepare"), once=True)]


def _hub(embedder: EmbedderSettings) -> dict[str, str]:
    """Keep the hub's client offline, but for a model that only the hub can give."""
    return {"HF_HUB_OFFLINE": "1"} if converted.local_folder(embedder.model) else {}

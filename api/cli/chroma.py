"""The embedded vector index: ``chroma run`` on a loopback port."""

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from api.cli.heartbeat import answers
from api.cli.program import Program
from data.setup_errors import ProgramFailed

HOST = "127.0.0.1"


def index(home: Path, port: int) -> Program:
    """Return the server that listens at ``port`` and keeps its data in the home."""
    folder = home / "chroma"
    folder.mkdir(exist_ok=True)
    prepare(folder)
    where = ("--path", str(folder), "--host", HOST, "--port", str(port))
    return Program(
        "index",
        (script(), "run", *where),
        # Otherwise it writes several lines for every request.
        {"RUST_LOG": "warn"},
        ready=answers(HOST, port, "/api/v2/heartbeat"),
    )


def prepare(folder: Path) -> None:
    """Make Chroma's database in WAL mode, which it keeps: its writer then blocks no reader."""
    path = folder / "chroma.sqlite3"
    if path.exists():
        return
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")


def script() -> str:
    """Return the path of the command ``chroma`` of this Python."""
    beside = Path(sys.executable).with_name("chroma")
    found = str(beside) if beside.exists() else shutil.which("chroma")
    if found is None:
        raise ProgramFailed(
            "The command chroma is missing: install the package chromadb, or run a Chroma server "
            "and set FOOTNOTE_INDEX__URL to its address."
        )
    return found

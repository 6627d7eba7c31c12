"""Servers that a measurement needs beside the stack: the model, and whatever else it compares."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

MODEL = Path("../shared/tools/mock_llm.py")
FIRST_TOKEN_MS = 300


@contextmanager
def serving(
    command: Sequence[str | Path], address: str, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run a server for as long as it is needed, and give its process id once it answers."""
    with subprocess.Popen(command, env=environment) as server:
        try:
            wait_for(address)
            yield server.pid
        finally:
            server.terminate()


@contextmanager
def model_server(*, between_tokens_ms: int, tokens: int) -> Iterator[str]:
    """Run a language model whose own times are known, and give its address."""
    port = free_port()
    command: list[str | Path] = [
        *(sys.executable, MODEL, "--port", str(port), "--ttft-ms", str(FIRST_TOKEN_MS)),
        *("--itl-ms", str(between_tokens_ms), "--tokens", str(tokens)),
    ]
    with serving(command, f"http://127.0.0.1:{port}/stats"):
        yield f"http://127.0.0.1:{port}/v1"


def wait_for(address: str) -> None:
    """Return when something answers there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            httpx.get(address, timeout=5, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

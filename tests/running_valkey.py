"""A Valkey server of a test's own, to be killed, stopped and emptied."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from api.cli import valkey

START_SECONDS = 20.0


class RunningValkey:
    """The embedded server, which keeps nothing: started again, it is empty."""

    def __init__(self, home: Path) -> None:
        (home / "run").mkdir(parents=True, exist_ok=True)
        self._home = home
        self._path = valkey.socket_path(home)
        self._program = valkey.broker(home, self._path)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis+socket://{self._path}"

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._process and self._process.poll() is None:
            return
        command = (*self._program.command, "--appendonly", "no")
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not valkey.answers(self._path)():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()

    def forget_socket(self) -> None:
        valkey.forget_socket(self._home, self._path)

    def forget_everything(self) -> None:
        with redis.Redis(unix_socket_path=str(self._path)) as client:
            client.flushall()

    def stand_still(self) -> None:
        """Have it take connections and answer nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def running_valkey(home: Path) -> Iterator[RunningValkey]:
    server = RunningValkey(home)
    server.start()
    try:
        yield server
    finally:
        server.kill()
        server.forget_socket()

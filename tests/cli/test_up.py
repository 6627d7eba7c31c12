"""``footnote up``, whole: every program of the embedded stack, started and stopped."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.cli import leftovers
from data.settings import child_environment
from tests.cli.conftest import ROOT, Until

UP = [sys.executable, "-m", "api.cli.main", "up"]


@dataclass(frozen=True)
class Running:
    """A stack that is ready, and what it said until then."""

    process: subprocess.Popen[str]
    home: Path
    said: str

    @property
    def address(self) -> str:
        return (self.home / "run" / "address").read_text()


def started(home: Path) -> Running:
    """Start the stack and read until it says how it is stopped."""
    environment = child_environment(FOOTNOTE_HOME=str(home), FOOTNOTE_API__PORT="0")
    process = subprocess.Popen(
        UP, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Stop with Ctrl-C" in line:
            return Running(process, home, said)
    raise AssertionError(said)


def stopped(running: Running, number: signal.Signals) -> str:
    """Stop the stack and return its last words."""
    running.process.send_signal(number)
    said, _ = running.process.communicate(timeout=120)
    assert running.process.returncode == 0
    return said


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    home = Path(tempfile.mkdtemp(prefix="fn-up-"))
    home.chmod(0o755)
    running = started(home)
    yield running
    running.process.kill()
    running.process.communicate()
    leftovers.reclaim(home, 1.0)
    shutil.rmtree(home)


def commands(home: Path) -> str:
    pids = leftovers.marked(leftovers.mark_of(home))
    return "\n".join(
        Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode() for pid in pids
    )


class TestUp:
    """In this order: the last ones stop it and start it again."""

    def test_is_ready_when_it_says_so(self, running: Running) -> None:
        assert httpx.get(f"{running.address}/health/ready").status_code == 200
        assert f"Address    {running.address}\n" in running.said
        assert f"{running.address}/docs\n" in running.said

    def test_keeps_the_key_from_everything_but_a_terminal(self, running: Running) -> None:
        path = running.home / "admin.key"

        assert str(path) in running.said
        assert path.read_text().strip() not in running.said
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(running.home.stat().st_mode) == 0o700

    def test_the_key_opens_it(self, running: Running) -> None:
        key = (running.home / "admin.key").read_text().strip()
        headers = {"Authorization": f"Bearer {key}"}

        answer = httpx.get(f"{running.address}/v1/libraries", headers=headers)

        assert [each["name"] for each in answer.json()["items"]] == ["default"]

    @pytest.mark.parametrize("word", ["valkey-server", "chroma run", "celery", "uvicorn"])
    def test_its_programs_are_told_apart_by_their_command_lines(
        self, running: Running, until: Until, word: str
    ) -> None:
        # The worker gives way: its Celery may come after the API is ready.
        until(lambda: word in commands(running.home))

    def test_the_worker_gives_way_to_the_api(self, running: Running) -> None:
        nice = {
            name: os.getpriority(os.PRIO_PROCESS, _pid(running.home, name))
            for name in ("worker", "api")
        }

        assert nice["worker"] - nice["api"] == 15

    def test_a_second_one_on_the_same_home_is_refused(self, running: Running) -> None:
        environment = child_environment(FOOTNOTE_HOME=str(running.home), FOOTNOTE_API__PORT="0")
        second = subprocess.run(
            UP, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

        assert second.returncode == 1
        assert f"already runs on {running.home}, at {running.address}" in second.stderr
        assert httpx.get(f"{running.address}/health/live").status_code == 200

    def test_nothing_is_left_after_ctrl_c(self, running: Running) -> None:
        assert "Footnote has stopped" in stopped(running, signal.SIGINT)

        assert commands(running.home) == ""
        left = {each.name for each in (running.home / "run").iterdir()}
        assert left <= {"chroma.port", "metrics"}

    def test_starts_again_after_it_was_killed(self, running: Running) -> None:
        first = started(running.home)
        first.process.kill()
        first.process.communicate()

        second = started(running.home)

        assert "embedding model" not in second.said
        assert httpx.get(f"{second.address}/health/ready").status_code == 200
        stopped(second, signal.SIGTERM)
        assert commands(running.home) == ""


def _pid(home: Path, name: str) -> int:
    return next(iter(leftovers.marked(leftovers.mark_of(home, name))))

"""Whose a process is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli import leftovers
from data.settings import child_environment
from tests.cli.conftest import Until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


class TestReclaim:
    def test_ends_a_process_that_a_pid_file_names(
        self, home: Path, stranger: subprocess.Popen[bytes]
    ) -> None:
        leftovers.note(home / "run" / "index.pid", stranger.pid)

        assert leftovers.reclaim(home, 10.0) == 1

        assert stranger.wait(timeout=10) == -15
        assert not list((home / "run").iterdir())

    def test_leaves_a_process_that_only_has_the_id_of_an_earlier_one(
        self, home: Path, stranger: subprocess.Popen[bytes]
    ) -> None:
        note = home / "run" / "index.pid"
        note.write_text(json.dumps({"pid": stranger.pid, "identity": "another boot 123"}))

        assert leftovers.reclaim(home, 10.0) == 0

        assert stranger.poll() is None
        assert not note.exists()

    @pytest.mark.parametrize("text", ["", "17", "[]", "{", '{"pid": "x", "identity": "y"}'])
    def test_a_damaged_pid_file_names_nothing(self, home: Path, text: str) -> None:
        (home / "run" / "index.pid").write_text(text)

        assert leftovers.reclaim(home, 10.0) == 0

    def test_leaves_the_processes_of_a_home_whose_path_begins_with_this_one(
        self, home: Path, until: Until
    ) -> None:
        mark = leftovers.mark_of(Path(f"{home}#2"), "api")
        process = subprocess.Popen(SLEEP, env=child_environment(**{leftovers.MARK: mark}))
        until(lambda: process.pid in leftovers.marked(mark))

        assert leftovers.reclaim(home, 10.0) == 0

        process.kill()
        assert process.wait() == -9


class TestIdentity:
    def test_is_the_same_while_the_process_lives_and_none_afterwards(self) -> None:
        process = subprocess.Popen(SLEEP)
        first, second = leftovers.identity(process.pid), leftovers.identity(process.pid)
        process.kill()
        # Not waited for yet: a zombie holds nothing any more.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert first is not None
        assert first == second
        assert leftovers.identity(process.pid) is None
        process.wait()

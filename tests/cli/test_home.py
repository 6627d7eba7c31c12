"""The home's lock and address."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.home import owned, publish, published
from data.errors import SetupError
from data.setup_errors import HomeInUse
from tests.cli.conftest import ROOT

HOLD = """
import sys
from pathlib import Path
from api.cli.home import owned
with owned(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


class TestOwned:
    def test_makes_a_home_that_only_its_owner_may_enter(self, tmp_path: Path) -> None:
        home = tmp_path / "a" / "home"
        home.mkdir(parents=True, mode=0o755)

        with owned(home):
            assert stat.S_IMODE(home.stat().st_mode) == 0o700

    def test_leaves_no_lock_and_no_address(self, tmp_path: Path) -> None:
        with owned(tmp_path):
            publish(tmp_path, "http://127.0.0.1:8000")
            assert published(tmp_path) == "http://127.0.0.1:8000"

        assert list((tmp_path / "run").iterdir()) == []
        assert published(tmp_path) is None

    def test_is_refused_to_a_second_one(self, tmp_path: Path) -> None:
        refused = pytest.raises(HomeInUse, match="starting or stopping")
        with owned(tmp_path), refused, owned(tmp_path):
            pass

    def test_the_refused_one_takes_nothing_away(self, tmp_path: Path) -> None:
        with owned(tmp_path):
            publish(tmp_path, "http://127.0.0.1:8000")
            with pytest.raises(HomeInUse, match=r"http://127\.0\.0\.1:8000"), owned(tmp_path):
                pass
            assert published(tmp_path)
            with pytest.raises(HomeInUse), owned(tmp_path):
                pass

    def test_is_free_once_its_holder_was_killed(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", HOLD, str(tmp_path)]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(HomeInUse), owned(tmp_path):
                pass
            holder.kill()

        with owned(tmp_path):
            assert (tmp_path / "run" / "up.lock").exists()

    def test_is_refused_where_one_may_not_write(self, tmp_path: Path) -> None:
        (tmp_path / "home").write_text("a file")

        with pytest.raises(SetupError, match="FOOTNOTE_HOME"), owned(tmp_path / "home"):
            pass

    def test_the_lock_is_not_inherited(self, tmp_path: Path) -> None:
        with owned(tmp_path):
            lock = (tmp_path / "run" / "up.lock").stat()
            mine = [int(each.name) for each in Path("/proc/self/fd").iterdir()]
            held = [number for number in mine if _is(number, lock)]

            assert [os.get_inheritable(fd) for fd in held] == [False]


def _is(descriptor: int, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), wanted)
    except OSError:
        return False

"""The servers from the wheels, really started."""

import os
import resource
import socket
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from api.cli import chroma, ports, valkey
from api.cli.program import Program
from api.cli.stack import embedded
from api.cli.supervisor import Supervisor
from data.settings import ApiSettings, BrokerSettings, IndexSettings, Settings
from data.setup_errors import PortTaken
from data.signals import heeded


def served(program: Program, home: Path, check: object) -> None:
    """Run a program, call ``check`` when it is ready, and stop it."""
    with heeded() as signals:

        def ready() -> None:
            check()  # type: ignore[operator]
            os.kill(os.getpid(), 15)

        Supervisor([program], home, signals, print).run(ready)


class TestValkey:
    def test_answers_on_its_socket_and_keeps_what_it_was_told(self, home: Path) -> None:
        path = valkey.socket_path(home)

        def write() -> None:
            with redis.Redis(unix_socket_path=str(path)) as client:
                client.set("bell", "rung")
                settings = client.config_get("*")
                assert stat.S_IMODE(path.stat().st_mode) == 0o700
            wanted = {
                "port": "0",
                "appendonly": "yes",
                "appendfsync": "everysec",
                "maxmemory-policy": "noeviction",
                "save": "",
            }
            assert {name: settings[name] for name in wanted} == wanted

        def read() -> None:
            with redis.Redis(unix_socket_path=str(path)) as client:
                assert client.get("bell") == b"rung"

        served(valkey.broker(home, path), home, write)
        served(valkey.broker(home, path), home, read)

    @pytest.mark.parametrize("name", ["a" * 100, "with space", "per%20cent"])
    def test_a_path_that_fits_no_address_is_elsewhere_private_and_remembered(
        self, tmp_path: Path, name: str
    ) -> None:
        home = tmp_path / name
        (home / "run").mkdir(parents=True)
        (home / "logs").mkdir()

        path = valkey.socket_path(home)

        assert path.parent.parent == Path(tempfile.gettempdir())
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert valkey.socket_path(home) == path
        served(valkey.broker(home, path), home, lambda: None)
        valkey.forget_socket(home, path)
        assert not path.parent.exists()
        assert not list((home / "run").glob("valkey*"))

    def test_a_noted_folder_that_others_may_enter_is_not_used(self, tmp_path: Path) -> None:
        home = tmp_path / ("a" * 100)
        (home / "run").mkdir(parents=True)
        (tmp_path / "open").mkdir(mode=0o755)
        (home / "run" / "valkey.folder").write_text(str(tmp_path / "open"))

        path = valkey.socket_path(home)

        assert path.parent != tmp_path / "open"
        valkey.forget_socket(home, path)


@pytest.fixture
def few() -> Iterator[tuple[int, int]]:
    """Let this process open 256 files, as some systems do; what it had is set again."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


class TestChroma:
    def test_answers_keeps_wal_and_may_open_many_files(
        self, home: Path, few: tuple[int, int]
    ) -> None:
        def check() -> None:
            uri = f"file:{home}/chroma/chroma.sqlite3?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as database:
                assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
                assert database.execute("SELECT count(*) FROM collections").fetchone() == (0,)
            pid = int((home / "run" / "index.pid").read_text().split()[1].strip(","))
            limits = Path(f"/proc/{pid}/limits").read_text()
            files = next(each for each in limits.splitlines() if "open files" in each).split()
            assert int(files[3]) == min(65_535, few[1])
            assert "chroma run" in _command(pid)

        with ExitStack() as opened:
            port = ports.remembered(chroma.HOST, home / "run" / "chroma.port", opened)

            served(chroma.index(home, port), home, check)


class TestStack:
    def test_starts_in_the_order_of_the_design(self, home: Path) -> None:
        with ExitStack() as opened:
            stack = embedded(Settings(api=ApiSettings(port=0)), {}, home, opened, tour=True)

        names = [program.name for program in stack.programs]
        assert names == ["catalogue", "broker", "index", "model", "api", "worker", "tour"]

    def test_command_lines_keep_their_words(self, home: Path) -> None:
        with ExitStack() as opened:
            stack = embedded(Settings(api=ApiSettings(port=0)), {}, home, opened, tour=False)

        lines = {each.name: " ".join(each.command) for each in stack.programs}
        assert "valkey-server" in lines["broker"]
        assert "chroma run" in lines["index"]
        assert "uvicorn" in lines["api"]

    def test_starts_no_server_whose_address_is_given(self, home: Path) -> None:
        settings = Settings(
            api=ApiSettings(port=0),
            broker=BrokerSettings(url=SecretStr("redis://elsewhere")),
            index=IndexSettings(url="http://elsewhere:8000"),
        )
        with ExitStack() as opened:
            stack = embedded(
                settings, {"FOOTNOTE_INDEX__URL": "from .env"}, home, opened, tour=False
            )

        assert [each.name for each in stack.programs] == ["catalogue", "model", "api", "worker"]
        assert "FOOTNOTE_BROKER__URL" not in stack.programs[0].environment
        assert stack.programs[0].environment["FOOTNOTE_INDEX__URL"] == "from .env"

    def test_every_program_learns_where_the_others_are(self, home: Path) -> None:
        with ExitStack() as opened:
            stack = embedded(Settings(api=ApiSettings(port=0)), {}, home, opened, tour=False)
            port = int((home / "run" / "chroma.port").read_text())

        for program in stack.programs:
            said = program.environment
            assert said["FOOTNOTE_HOME"] == str(home)
            assert said["FOOTNOTE_BROKER__URL"] == f"redis+socket://{home}/run/valkey.sock"
            assert said["FOOTNOTE_INDEX__URL"] == f"http://127.0.0.1:{port}"
            assert said["TOKENIZERS_PARALLELISM"] == "false"
            assert said["HF_HUB_OFFLINE"] == "1"
            assert stack.address.endswith(f":{said['FOOTNOTE_API__PORT']}")

    def test_metrics_of_an_earlier_start_are_gone(self, home: Path) -> None:
        (home / "run" / "metrics").mkdir()
        (home / "run" / "metrics" / "counter_1.db").touch()

        with ExitStack() as opened:
            embedded(Settings(api=ApiSettings(port=0)), {}, home, opened, tour=False)

        assert list((home / "run" / "metrics").iterdir()) == []

    def test_a_taken_port_is_refused_before_anything_is_made(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other, ExitStack() as opened:
            settings = Settings(api=ApiSettings(port=other.getsockname()[1]))
            with pytest.raises(PortTaken):
                embedded(settings, {}, home, opened, tour=False)

        assert sorted(each.name for each in home.iterdir()) == ["logs", "run"]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()

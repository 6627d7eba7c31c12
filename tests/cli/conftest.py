"""Stand-ins for the programs of a stack, and a supervisor of its own process to try them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from api.cli import leftovers
from api.cli.program import Program
from data.settings import child_environment

ROOT = Path(__file__).parents[2]
UPLOAD = ("POST", "/v1/documents")
Until = Callable[[Callable[[], object]], None]

# Writes "start NAME", and "stop NAME" when it is asked to; deaf ones stay.
STAND_IN = """
import os, signal, sys, time
journal, name, temper = sys.argv[1:4]
def write(word):
    with open(journal, "a") as file:
        file.write(f"{word} {name} {os.getpid()}\\n")
def stop(*_):
    write("stop")
    if temper != "deaf":
        sys.exit(0)
signal.signal(signal.SIGTERM, stop)
write("start")
while temper == "doomed" and not os.path.exists(journal + ".doom"):
    time.sleep(0.01)
if temper in ("broken", "doomed"):
    print("the cause of it")
    sys.exit(3)
if temper == "once":
    write("stop")
    sys.exit(0)
if temper == "parent":
    import subprocess
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    write("ready")
while True:
    time.sleep(600)
"""

# What `up` does around a supervisor, with any programs.
SUPERVISE = """
import json, sys
from pathlib import Path
from api.cli import leftovers
from api.cli.home import owned, publish
from api.cli.program import Pace, Program
from data.signals import heeded
from api.cli.supervisor import Supervisor

home = Path(sys.argv[1])
programs = [Program(**each) for each in json.loads(sys.argv[2])]
with heeded() as signals, owned(home):
    print("reclaimed", leftovers.reclaim(home, 1.0), flush=True)
    publish(home, "http://127.0.0.1:1")
    ready = lambda: print("ready", flush=True)
    Supervisor(programs, home, signals, print, Pace(first_seconds=0.05)).run(ready)
"""


@dataclass(frozen=True)
class StandIns:
    """Makes programs that keep a journal."""

    journal: Path

    def program(self, name: str, temper: str = "calm", **options: object) -> Program:
        command = (sys.executable, "-c", STAND_IN, str(self.journal), name, temper)
        return Program(name, command, **options)  # type: ignore[arg-type]

    def write(self, text: str) -> None:
        """Write a line of the test's own, with an id like the others."""
        with self.journal.open("a") as file:
            file.write(f"{text} 0\n")

    def doom(self) -> None:
        """Let the doomed ones die."""
        self.journal.with_name(self.journal.name + ".doom").touch()

    @property
    def said(self) -> list[str]:
        """The journal without the ids."""
        return [each.rpartition(" ")[0] for each in self.lines]

    @property
    def lines(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def pids(self, word: str) -> list[int]:
        return [int(each.split()[-1]) for each in self.lines if each.startswith(word)]


@dataclass(frozen=True)
class Supervised:
    """A supervisor in a process of its own."""

    process: subprocess.Popen[str]
    home: Path

    def wait_for(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(word):
                return line.strip()
        raise AssertionError(f"it ended without saying {word}")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    @property
    def left(self) -> list[int]:
        return list(leftovers.marked(leftovers.mark_of(self.home)))


Supervise = Callable[..., Supervised]


@pytest.fixture
def until() -> Until:
    """Wait until something holds, at most half a minute."""

    def wait(holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < deadline, "it did not come true"
            time.sleep(0.02)

    return wait


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a path that is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="fn-"))
    for name in ("run", "logs"):
        (folder / name).mkdir()
    yield folder
    for pid in leftovers.marked(leftovers.mark_of(folder)):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    return StandIns(tmp_path / "journal")


@pytest.fixture
def supervise(home: Path) -> Iterator[Supervise]:
    """Start supervisors in processes of their own."""
    started: list[subprocess.Popen[str]] = []

    def start(*programs: Program) -> Supervised:
        fields = ("name", "command", "once", "foreground")
        told = json.dumps([{f: getattr(each, f) for f in fields} for each in programs])
        command = [sys.executable, "-c", SUPERVISE, str(home), told]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return Supervised(process, home)

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@dataclass
class Played:
    """A server that plays the answers of the contract, and keeps what it was sent."""

    address: str
    # Bodies of uploads, in the order in which they came.
    uploads: list[bytes]
    # (method, path, body) of everything else.
    calls: list[tuple[str, str, bytes]]
    # "METHOD path" to what is done with the request; the last one stays.
    answers: dict[str, list[Callable[[BaseHTTPRequestHandler], None]]]
    gone: threading.Event

    def plays(self, route: str, *answers: Callable[[BaseHTTPRequestHandler], None]) -> None:
        """Answer a route with each of these in turn, and then with the last one."""
        self.answers[route] = list(answers)

    def sent(self, route: str) -> list[bytes]:
        """Return the bodies that came to a route."""
        return [body for method, path, body in self.calls if f"{method} {path}" == route]


def answer_json(
    body: object, status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Make an answer of JSON."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        raw = json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(raw)

    return respond


def answer_error(
    status: int, code: str, message: str, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Make an answer of the contract's error form."""
    body = {"error": {"code": code, "message": message, "details": {}}}
    return answer_json(body, status, **headers)


def answer_events(*events: tuple[str, object]) -> Callable[[BaseHTTPRequestHandler], None]:
    """Make a stream of events that then ends."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        for number, (name, data) in enumerate(events):
            text = f": keep alive\n\nevent: {name}\ndata: {json.dumps(data)}\nid: {number}\n\n"
            handler.wfile.write(text.encode())
            handler.wfile.flush()

    return respond


@pytest.fixture
def played() -> Iterator[Played]:
    """Play the contract on a real port, with a library and no documents."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def respond(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            path = self.path.partition("?")[0]
            if self.headers.get("Authorization") != "Bearer the-key":
                answer_error(401, "unauthenticated", "Send a valid key.")(self)
                return
            (server.uploads if (self.command, path) == UPLOAD else []).append(body)
            server.calls.append((self.command, self.path, body))
            left = server.answers.get(f"{self.command} {path}")
            if left is None:
                answer_error(404, "not_found", "There is nothing under this address.")(self)
                return
            (left.pop(0) if len(left) > 1 else left[0])(self)

        do_GET = do_POST = do_PUT = respond  # noqa: N815 - the names that http.server looks for

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server = Played(f"http://127.0.0.1:{http.server_port}", [], [], {}, threading.Event())
        server.plays("GET /v1/libraries", answer_json({"items": [], "next_cursor": None}))
        thread = threading.Thread(target=http.serve_forever, args=(0.05,))
        thread.start()
        yield server
        http.shutdown()
        thread.join()


@dataclass(frozen=True)
class Result:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


Footnote = Callable[..., Result]


@pytest.fixture
def footnote(home: Path, played: Played) -> Footnote:
    """Run the command line as a process, on a home where the played server runs."""
    (home / "admin.key").write_text("the-key\n")
    (home / "run" / "address").write_text(played.address)

    def run(*arguments: str, stdin: str = "", **environment: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "api.cli.main", *arguments],
            cwd=ROOT,
            env=child_environment(FOOTNOTE_HOME=str(home), **environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    return run

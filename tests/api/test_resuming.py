"""Streams that are taken up again, by another process of the API and over a real Valkey."""

import asyncio
import signal
import subprocess
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import redis
from pydantic import SecretStr

from api.cli import valkey
from data.records import Role
from data.settings import AnswerSettings, BrokerSettings, Settings
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Task
from tests.api.conftest import FakeModel, serving_at
from tests.api.test_answers import ASK, events_of
from tests.api.test_draining import running

if TYPE_CHECKING:
    from tests.api.conftest import Service


ANSWERS = AnswerSettings(max_running=1, max_waiting=1, resume_seconds=1.5, kept_seconds=2)
RESUMABLE = {**ASK, "resumable": True}
PIECES = ["Bees ", "fly ", "at ", "nine ", "degrees. [1]"]
Servers = tuple[httpx.Client, httpx.Client]


class SteppedModel(FakeModel):
    """Writes the rest of its answer when it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = threading.Event()

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        self.started.set()
        try:
            for number, piece in enumerate(PIECES):
                while number >= 2 and not self.allowed.is_set():
                    await deadline.wait(asyncio.sleep(0.01))
                yield piece
            yield Finish({})
        finally:
            self.stopped.set()


@dataclass
class Broker:
    url: str
    process: subprocess.Popen[bytes] | None = None

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=self.url.removeprefix("redis+socket://"))

    @contextmanager
    def hanging(self) -> Iterator[None]:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        yield
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def valkey_server() -> Iterator[Broker]:
    with tempfile.TemporaryDirectory(prefix="fn-") as folder:
        (Path(folder) / "run").mkdir()
        path = valkey.socket_path(Path(folder))
        command = valkey.broker(Path(folder), path).command
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            with redis.Redis(unix_socket_path=str(path)) as client:
                until(lambda: path.exists() and client.ping())
            yield Broker(f"redis+socket://{path}", process)
            process.terminate()


@pytest.fixture
def broker(valkey_server: Broker) -> Broker:
    with valkey_server.client() as client:
        client.flushall()
    return valkey_server


@pytest.fixture
def settings(settings: Settings, broker: Broker) -> Settings:
    url = BrokerSettings(url=SecretStr(broker.url))
    return settings.model_copy(update={"broker": url, "answers": ANSWERS})


@pytest.fixture
def model(service: "Service") -> SteppedModel:
    service.model = SteppedModel()
    return service.model


@pytest.fixture
def servers(model: SteppedModel, service: "Service") -> Iterator[Servers]:
    """Clients of two API processes."""
    assert service.model is model
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                httpx.Client(
                    base_url="http://{}:{}".format(*stack.enter_context(serving_at(service))),
                    headers=service.headers,
                    timeout=30,
                    trust_env=False,
                )
            )
            for _ in range(2)
        )
        yield first, second


@pytest.fixture
def remote(servers: Servers) -> httpx.Client:
    return servers[0]


def until(is_so: Callable[[], Any]) -> None:
    while not is_so():
        threading.Event().wait(0.01)


@contextmanager
def begun(client: httpx.Client) -> Iterator[tuple[str, str, Iterator[str]]]:
    """Ask, and read the first two words; give the answer's id, what was read, and the rest."""
    with client.stream("POST", "/v1/ask", json=RESUMABLE) as answer:
        pieces = answer.iter_text()
        seen = ""
        while "fly" not in seen:
            seen += next(pieces)
        yield events_of(seen)[0][1]["answer_id"], seen, pieces


def taken_up(client: httpx.Client, answer: str, after: int) -> str:
    response = client.get(f"/v1/answers/{answer}/events", headers={"Last-Event-ID": str(after)})
    assert response.status_code == 200, response.text
    return response.text


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.usefixtures("ready")
class TestAnAnswerThatBrokeOff:
    def test_goes_on_in_another_process_where_it_was(
        self, servers: Servers, model: SteppedModel
    ) -> None:
        with begun(servers[0]) as (answer, seen, _):
            pass
        model.allowed.set()
        rest = taken_up(servers[1], answer, events_of(seen)[-1][2])

        found = events_of(seen + rest)
        assert [number for _, _, number in found] == list(range(len(found)))
        tokens = [data["text"] for name, data, _ in found if name == "token"]
        assert "".join(tokens) == "".join(PIECES) == found[-1][1]["answer"]
        assert found[-1][0] == "done"
        assert taken_up(servers[0], answer, -1) == seen + rest

    def test_has_as_many_readers_as_like(self, servers: Servers, model: SteppedModel) -> None:
        texts: list[str] = []
        with begun(servers[0]) as (answer, seen, rest):
            threads = [
                threading.Thread(target=lambda c=c: texts.append(taken_up(c, answer, -1)))
                for c in (*servers, *servers)
            ]
            for thread in threads:
                thread.start()
            model.allowed.set()
            whole = seen + "".join(rest)
            for thread in threads:
                thread.join()

        assert texts == [whole] * 4

    def test_stops_when_nobody_comes_back(self, servers: Servers, model: SteppedModel) -> None:
        with begun(servers[0]) as (answer, _, _):
            pass

        assert not model.stopped.wait(0.5)
        assert model.stopped.wait(10)
        until(lambda: "footnote_answers_running 0.0" in servers[0].get("/metrics").text)
        last = events_of(taken_up(servers[1], answer, -1))[-1]
        assert last[1]["error"]["code"] == "client_gone"

    def test_does_not_stop_while_it_is_read_elsewhere(
        self, servers: Servers, model: SteppedModel
    ) -> None:
        with begun(servers[0]) as (answer, seen, _):
            pass
        path = f"/v1/answers/{answer}/events?last_event_id={events_of(seen)[-1][2]}"
        with servers[1].stream("GET", path) as stream:
            assert not model.stopped.wait(2 * ANSWERS.resume_seconds)
            model.allowed.set()
            text = "".join(stream.iter_text())

        assert events_of(text)[-1][0] == "done"

    def test_is_forgotten_after_a_while(self, servers: Servers, model: SteppedModel) -> None:
        model.allowed.set()
        with begun(servers[0]) as (answer, _, rest):
            "".join(rest)
        path = f"/v1/answers/{answer}/events"
        until(lambda: servers[1].get(path).status_code != 200)

        assert code_of(servers[1].get(path)) == (404, "answer_not_found")

    def test_is_nobody_elses(
        self, servers: Servers, model: SteppedModel, service: "Service"
    ) -> None:
        model.allowed.set()
        stranger = service.new_key(Role.ADMIN, service.new_workspace())
        with begun(servers[0]) as (answer, _, rest):
            "".join(rest)

        for client in servers:
            for method, path in (("GET", f"{answer}/events"), ("DELETE", answer)):
                response = client.request(method, f"/v1/answers/{path}", headers=stranger)
                assert code_of(response) == (404, "answer_not_found")

    @pytest.mark.parametrize("number", ["x", "-2", "1.5", "99999999999999999999"])
    def test_is_taken_up_behind_an_event_only(
        self, servers: Servers, model: SteppedModel, number: str
    ) -> None:
        path = "/v1/answers/any/events"
        header = servers[0].get(path, headers={"Last-Event-ID": number})
        query = servers[0].get(path, params={"last_event_id": number})

        assert code_of(header) == code_of(query) == (422, "invalid")

    def test_is_not_given_without_a_part_that_the_broker_lost(
        self, servers: Servers, model: SteppedModel, broker: Broker
    ) -> None:
        model.allowed.set()
        with begun(servers[0]) as (answer, _, rest):
            "".join(rest)
        until(lambda: taken_up(servers[1], answer, -1).count("event: done") == 1)
        with broker.client() as client:
            [key] = [
                k for k in client.scan_iter("footnote:recording:*") if client.type(k) == b"stream"
            ]
            first, second = client.xrange(key, count=2)
            client.xdel(key, second[0])
        found = events_of(taken_up(servers[1], answer, -1))

        kept = events_of(first[1][b"events"].decode())
        assert found[:-1] == kept
        assert found[-1][1]["error"]["code"] == "answer_not_found"
        assert found[-1][2] == kept[-1][2]

    def test_that_was_read_to_its_end_has_nothing_more(
        self, servers: Servers, model: SteppedModel
    ) -> None:
        model.allowed.set()
        with begun(servers[0]) as (answer, _, rest):
            "".join(rest)

        assert taken_up(servers[1], answer, 1000) == ""


@pytest.mark.usefixtures("ready")
class TestStopping:
    @pytest.mark.parametrize("process", [0, 1])
    def test_ends_an_answer_from_any_process(
        self, servers: Servers, model: SteppedModel, process: int
    ) -> None:
        with begun(servers[0]) as (answer, _, rest):
            until(lambda: servers[1].delete(f"/v1/answers/{answer}").status_code != 404)
            stopped = servers[process].delete(f"/v1/answers/{answer}")
            assert model.stopped.wait(10)
            last = events_of("".join(rest))[-1]
        until(lambda: events_of(taken_up(servers[1], answer, -1))[-1] == last)

        assert stopped.status_code == 204
        assert (last[0], last[1]["error"]["code"]) == ("error", "answer_cancelled")
        assert servers[1].delete(f"/v1/answers/{answer}").status_code == 204

    def test_knows_no_other_answers(self, servers: Servers) -> None:
        assert code_of(servers[0].delete("/v1/answers/any")) == (404, "answer_not_found")


@pytest.mark.usefixtures("ready")
class TestWithoutABroker:
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Broker:
        return Broker(f"redis+socket://{tmp_path}/nothing.sock")

    def test_a_stream_is_as_any_other(self, servers: Servers, model: SteppedModel) -> None:
        model.allowed.set()
        with begun(servers[0]) as (answer, seen, rest):
            found = events_of(seen + "".join(rest))
        response = servers[0].get(f"/v1/answers/{answer}/events")

        assert found[-1][0] == "done"
        assert code_of(response) == (503, "broker_unavailable")

    def test_a_stream_that_nobody_can_take_up_stops_without_its_reader(
        self, servers: Servers, model: SteppedModel
    ) -> None:
        with begun(servers[0]):
            pass

        assert model.stopped.wait(20)


def test_an_answer_of_a_killed_process_ends_with_an_error(
    settings: Settings, servers: Servers
) -> None:
    with (
        running(settings) as other,
        other.client.stream(
            "POST", "/v1/ask", json={"question": "600", "resumable": True}
        ) as stream,
    ):
        answer = events_of(next(stream.iter_text()))[0][1]["answer_id"]
        until(lambda: servers[0].delete("/v1/answers/any").status_code == 404)
        with servers[0].stream("GET", f"/v1/answers/{answer}/events") as following:
            pieces = following.iter_text()
            first = next(pieces)
            other.process.send_signal(signal.SIGKILL)
            rest = events_of("".join(pieces))

    assert events_of(first)[0][1] == {"answer_id": answer}
    assert [data["error"]["code"] for _, data, _ in rest] == ["answer_lost"]
    # It repeats the number of what came before.
    assert rest[0][2] == 0


@pytest.mark.usefixtures("ready")
def test_nothing_waits_for_a_broker_that_hangs(
    servers: Servers, model: SteppedModel, broker: Broker
) -> None:
    model.allowed.set()
    with broker.hanging(), begun(servers[0]) as (answer, seen, rest):
        found = events_of(seen + "".join(rest))
        refused = servers[1].get(f"/v1/answers/{answer}/events")

    assert found[-1][0] == "done"
    assert code_of(refused) == (503, "broker_unavailable")

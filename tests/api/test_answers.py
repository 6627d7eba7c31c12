"""Search and ask over a real server: order, speed of refusal, errors and leaving clients."""

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.errors import ModelUnavailable, SearchUnavailable
from data.settings import AnswerSettings, ApiSettings, Settings

if TYPE_CHECKING:
    from tests.api.conftest import Service

ASK = {"question": "How warm must it be for bees?"}
Body = dict[str, Any]


def events_of(text: str) -> list[tuple[str, Body, int]]:
    """Return the events of a stream that must have exactly the form of the contract."""
    events = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if block.startswith(":"):
            continue
        name, data, number = block.split("\n")
        assert name.startswith("event: ")
        assert data.startswith("data: ")
        assert number.startswith("id: ")
        events.append((name[7:], json.loads(data[6:]), int(number[4:])))
    return events


class TestAStream:
    def test_is_accepted_then_sources_then_tokens_then_done(
        self, remote: httpx.Client, service: "Service", ready: str, text: str
    ) -> None:
        service.model.pieces = ["Bees fly at ", "nine degrees. [1]\n", "“\u2028\r\n”"]
        answer = remote.post("/v1/ask", json=ASK)

        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Accel-Buffering"] == "no"
        events = events_of(answer.text)
        assert [name for name, _, _ in events][:3] == ["accepted", "sources", "token"]
        assert [number for _, _, number in events] == list(range(len(events)))
        source = events[1][1]["sources"][0]
        assert (source["number"], source["document_id"], source["text"]) == (1, ready, text)
        name, done, _ = events[-1]
        assert name == "done"
        assert done["answer"] == "".join(d["text"] for n, d, _ in events if n == "token")
        [citation] = done["citations"]
        page = remote.get(f"/v1/documents/{ready}/pages/{citation['page']}").json()["text"]
        assert page[citation["start"] : citation["end"]] == citation["quote"]
        assert not done["abstained"]
        assert done["usage"] == {"completion_tokens": 3}

    def test_says_that_there_is_no_document(self, remote: httpx.Client) -> None:
        events = events_of(remote.post("/v1/ask", json=ASK).text)

        assert events[1][:2] == ("sources", {"sources": []})
        assert (events[-1][1]["abstained"], events[-1][1]["reason"]) == (True, "no_documents")

    def test_begins_before_any_work_is_done(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        import asyncio

        service.searcher.wait = asyncio.Event()
        with remote.stream("POST", "/v1/ask", json=ASK) as answer:
            first = next(answer.iter_text())

        assert events_of(first)[0][0] == "accepted"
        assert not service.model.started.is_set()
        service.searcher.cancelled.wait()

    def test_ends_with_an_error_when_the_model_fails(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.model.error = ModelUnavailable("It went away.")
        events = events_of(remote.post("/v1/ask", json=ASK).text)

        assert [name for name, _, _ in events][-2:] == ["token", "error"]
        assert events[-1][1]["error"]["code"] == "model_unavailable"

    def test_tells_nothing_of_a_defect(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.model.error = RuntimeError("secret")
        text = remote.post("/v1/ask", json=ASK).text

        assert events_of(text)[-1][1]["error"]["code"] == "internal_error"
        assert "secret" not in text

    def test_ends_at_its_deadline(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        events = events_of(remote.post("/v1/ask", json={**ASK, "timeout_seconds": 1}).text)

        assert events[-1][1]["error"]["code"] == "deadline_exceeded"

    @pytest.mark.parametrize("stream", [True, False])
    def test_that_nobody_reads_any_more_stops_the_model(
        self, address: tuple[str, int], service: "Service", ready: str, stream: bool
    ) -> None:
        service.model.hangs = True
        body = json.dumps({**ASK, "stream": stream}).encode()
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(request_of(service, "/v1/ask", body))
            assert service.model.started.wait(10)

        assert service.model.stopped.wait(10)

    def test_stays_alive_while_nothing_happens(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        with remote.stream("POST", "/v1/ask", json=ASK) as answer:
            seen = ""
            for piece in answer.iter_text():
                seen += piece
                if seen.count("\n: ") + seen.startswith(": ") >= 2:
                    break

        assert [name for name, _, _ in events_of(seen)][:2] == ["accepted", "sources"]

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        api = ApiSettings(keep_alive_comment_seconds=0.1)
        return settings.model_copy(update={"api": api})


def request_of(service: "Service", path: str, body: bytes, key: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key or service.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class TestAWholeAnswer:
    def test_is_the_done_event_with_its_sources(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        body = remote.post("/v1/ask", json={**ASK, "stream": False}).json()
        events = events_of(remote.post("/v1/ask", json=ASK).text)

        assert body["sources"] == events[1][1]["sources"]
        same = {"answer", "sentences", "citations", "abstained", "reason", "model", "usage"}
        assert {name: body[name] for name in same} == {name: events[-1][1][name] for name in same}

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (SearchUnavailable(), 503, "search_unavailable"),
            (RuntimeError("secret"), 500, "internal_error"),
        ],
    )
    def test_has_the_status_of_its_error(
        self, remote: httpx.Client, service: "Service", error: Exception, status: int, code: str
    ) -> None:
        service.searcher.error = error
        answer = remote.post("/v1/ask", json={**ASK, "stream": False})

        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert ("Retry-After" in answer.headers) == (status == 503)
        assert "secret" not in answer.text

    def test_ends_at_its_deadline(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        asked = {**ASK, "stream": False, "timeout_seconds": 1}
        answer = remote.post("/v1/ask", json=asked)

        assert (answer.status_code, answer.json()["error"]["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"question": ""}, 422, "invalid"),
        ({"question": " \n"}, 422, "invalid"),
        ({"question": "a\0b"}, 422, "invalid"),
        ({"question": "x" * 8001}, 422, "invalid"),
        ({"limit": 0}, 422, "invalid"),
        ({"limit": 31}, 422, "invalid"),
        ({"timeout_seconds": 0.5}, 422, "invalid"),
        ({"timeout_seconds": 601}, 422, "invalid"),
        ({"history": [{"role": "system", "content": "x"}]}, 422, "invalid"),
        ({"libraries": []}, 422, "invalid"),
        ({"libraries": ["nowhere"]}, 404, "library_not_found"),
        ({"libraries": ["default", "nowhere"]}, 404, "library_not_found"),
        ({"libraries": ["a\0"]}, 422, "invalid"),
        ({"document_ids": ["nothing"]}, 404, "document_not_found"),
        ({"document_ids": ["x\0"]}, 422, "invalid"),
        ({"tags": ["\0"]}, 422, "invalid"),
        ({"model": "gpt-9"}, 422, "unknown_model"),
        ({"resumable": "yes, please"}, 422, "invalid"),
        ({"colour": "red"}, 422, "invalid"),
    ],
)
async def test_a_wrong_question_is_refused_with_a_status(
    client: httpx.AsyncClient, asked: Body, status: int, code: str, stream: bool
) -> None:
    answer = await client.post("/v1/ask", json={**ASK, "stream": stream, **asked})

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("body", [b'{"question": "\\ud800"}', b'{"question": "a", "limit": NaN}'])
async def test_what_no_text_can_hold_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(
        "/v1/ask", content=body, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


class TestTooMany:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        answers = AnswerSettings(max_running=1, max_waiting=1)
        return settings.model_copy(update={"answers": answers})

    def test_questions_are_refused_before_the_stream(
        self, remote: httpx.Client, address: tuple[str, int], service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        request = request_of(service, "/v1/ask", json.dumps(ASK).encode())
        with (
            socket.create_connection(address, timeout=20) as first,
            socket.create_connection(address, timeout=20) as second,
        ):
            for connection in (first, second):
                connection.sendall(request)
                assert b"event: accepted" in received(connection, b"\n\n")
            refused = remote.post("/v1/ask", json=ASK)
            limits = remote.get("/v1/admin/status").json()["limits"]

        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "overloaded")
        assert refused.headers["Retry-After"] == "1"
        assert (limits["answers_running"], limits["answers_waiting"]) == (1, 1)

    def test_leave_their_places_to_others(
        self, remote: httpx.Client, address: tuple[str, int], service: "Service", ready: str
    ) -> None:
        service.model.hangs = True
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(request_of(service, "/v1/ask", json.dumps(ASK).encode()))
            assert service.model.started.wait(10)
        assert service.model.stopped.wait(10)
        service.model.hangs = False

        assert events_of(remote.post("/v1/ask", json=ASK).text)[-1][0] == "done"
        metrics = remote.get("/metrics").text
        assert "footnote_answers_running 0.0" in metrics


def received(connection: socket.socket, until: bytes) -> bytes:
    seen = b""
    while until not in seen.partition(b"\r\n\r\n")[2]:
        piece = connection.recv(65536)
        assert piece
        seen += piece
    return seen


class TestSearch:
    async def test_returns_passages_and_timings(
        self, client: httpx.AsyncClient, service: "Service", text: str
    ) -> None:
        service.find("doc-1")
        asked = {"query": "bees", "libraries": ["default"], "limit": 3, "tags": ["a"]}
        body = (await client.post("/v1/search", json=asked)).json()

        [passage] = body["passages"]
        assert (passage["text"], passage["ranks"], passage["page"]) == (text, {"dense": 1}, 1)
        assert body["timings_ms"] == {"dense": 1.5}
        scope, query, limit = service.searcher.asked[0]
        assert (scope.workspace, scope.tags, query, limit) == (
            service.workspace,
            ("a",),
            "bees",
            3,
        )

    @pytest.mark.parametrize(
        "asked",
        [{}, {"query": ""}, {"query": "x", "limit": 101}, {"query": "x", "stream": True}],
    )
    async def test_refuses_what_is_invalid(self, client: httpx.AsyncClient, asked: Body) -> None:
        answer = await client.post("/v1/search", json=asked)

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")

    def test_stops_when_nobody_waits_for_it(
        self, address: tuple[str, int], service: "Service"
    ) -> None:
        import asyncio

        service.searcher.wait = asyncio.Event()
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(request_of(service, "/v1/search", b'{"query": "bees"}'))
            while not service.searcher.asked:
                pass

        assert service.searcher.cancelled.wait(10)


class TestAJobsEvents:
    def test_begin_with_the_job_and_end_with_its_last_state(
        self, remote: httpx.Client, service: "Service", pdf: bytes, text: str
    ) -> None:
        job = remote.post("/v1/documents", files={"file": ("a.pdf", pdf)}).json()["job"]
        with remote.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
            pieces = answer.iter_text()
            [first] = events_of(next(pieces))
            worker = threading.Thread(target=service.index, args=(text,))
            worker.start()
            rest = events_of("".join(pieces))
            worker.join()

        assert first[:2] == ("job", job)
        assert {name for name, _, _ in rest} == {"job"}
        numbers = [number for _, _, number in [first, *rest]]
        assert numbers == sorted(set(numbers))
        assert rest[-1][1]["state"] == "succeeded"
        assert rest[-1][1] == remote.get(f"/v1/jobs/{job['id']}").json()

    def test_of_a_finished_job_are_one(
        self, remote: httpx.Client, service: "Service", ready: str
    ) -> None:
        job = remote.get(f"/v1/jobs?document_id={ready}").json()["items"][0]
        events = events_of(remote.get(f"/v1/jobs/{job['id']}/events").text)

        assert [event[:2] for event in events] == [("job", job)]

    def test_reach_everyone_who_listens(
        self, remote: httpx.Client, service: "Service", pdf: bytes
    ) -> None:
        job = remote.post("/v1/documents", files={"file": ("a.pdf", pdf)}).json()["job"]
        states: list[str] = []

        def listen(begun: threading.Barrier) -> None:
            with remote.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
                pieces = answer.iter_text()
                next(pieces)
                begun.wait()
                states.append(events_of("".join(pieces))[-1][1]["state"])

        begun = threading.Barrier(9)
        threads = [threading.Thread(target=listen, args=(begun,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        begun.wait()
        service.stores.claims.fail(service.claim(), "no_text_found", "A scan.")
        for thread in threads:
            thread.join()

        assert states == ["failed"] * 8

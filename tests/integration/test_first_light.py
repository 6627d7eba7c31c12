"""The whole main job on real components: upload, watch, ask, check the footnotes, delete."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.model_server import ModelServer
from tests.running_stack import RunningStack, events

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
REPORT = SAMPLES / "lighthouse-report.pdf"
DARK = "Why was the light at Gannet Rock dark, and for how long?"


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def report(stack: RunningStack, client: httpx.Client) -> dict[str, Any]:
    """The sample report, indexed."""
    uploaded = stack.upload(client, REPORT)
    assert stack.finished(client, uploaded["job"]["id"])["state"] == "succeeded"
    document: dict[str, Any] = client.get(f"/v1/documents/{uploaded['document']['id']}").json()
    return document


class TestAnUpload:
    def test_is_followed_by_the_events_of_its_job_until_it_is_ready(
        self, stack: RunningStack, client: httpx.Client
    ) -> None:
        uploaded = stack.upload(client, SAMPLES / "constitution.pdf")

        with client.stream("GET", f"/v1/jobs/{uploaded['job']['id']}/events") as answer:
            seen = [job for name, job in events(answer.iter_lines()) if name == "job"]

        assert seen[-1]["state"] == "succeeded"
        assert seen[-1]["progress"] == {"done": 9, "total": 9, "unit": "pages"}
        done = [job["progress"]["done"] for job in seen]
        assert done == sorted(done)
        document = client.get(f"/v1/documents/{uploaded['document']['id']}").json()
        assert (document["state"], document["pages"]) == ("ready", 9)
        assert document["chunks"] > 9

    def test_of_the_same_bytes_is_the_same_document(
        self, stack: RunningStack, client: httpx.Client, report: dict[str, Any]
    ) -> None:
        again = stack.upload(client, REPORT)

        assert again["duplicate"] is True
        assert again["document"]["id"] == report["id"]


class TestAnAnswer:
    def test_streams_sources_then_tokens_then_a_verdict_with_true_footnotes(
        self, client: httpx.Client, report: dict[str, Any], model: ModelServer
    ) -> None:
        model.say("It was dark for 47 ", "minutes, because salt water entered [", "1].")

        with client.stream("POST", "/v1/ask", json={"question": DARK}) as answer:
            told = list(events(answer.iter_lines()))

        names = [name for name, _ in told]
        assert names[:2] == ["accepted", "sources"]
        assert names[-1] == "done"
        done = told[-1][1]
        assert done["answer"] == "".join(d["text"] for name, d in told if name == "token")
        (citation,) = done["citations"]
        assert citation["filename"] == "lighthouse-report.pdf"
        page = client.get(
            f"/v1/documents/{citation['document_id']}/pages/{citation['page']}",
            params={"version": citation["version"]},
        ).json()
        assert page["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert "47 minutes" in citation["quote"]
        assert citation["boxes"]
        assert citation["verified"]

    def test_comes_whole_when_it_is_not_streamed(
        self, client: httpx.Client, report: dict[str, Any], model: ModelServer
    ) -> None:
        model.say("It was dark for 47 minutes [1].")

        done = client.post("/v1/ask", json={"question": DARK, "stream": False}).json()

        assert done["answer"] == "It was dark for 47 minutes [1]."
        assert done["sources"][0]["number"] == 1
        assert done["usage"]["total_tokens"] == 10

    def test_that_gets_a_number_wrong_is_not_verified(
        self, client: httpx.Client, report: dict[str, Any], model: ModelServer
    ) -> None:
        model.say("It was dark for 58 minutes [1].")

        done = client.post("/v1/ask", json={"question": DARK, "stream": False}).json()

        assert [sentence["verified"] for sentence in done["sentences"]] == [False]

    def test_stops_the_model_when_its_reader_leaves(
        self, client: httpx.Client, report: dict[str, Any], model: ModelServer
    ) -> None:
        model.say(*(f"word{number} " for number in range(3)), never())
        before = model.cancelled

        with client.stream("POST", "/v1/ask", json={"question": DARK}) as answer:
            next(data for name, data in events(answer.iter_lines()) if name == "token")
            assert model.active == 1

        until(lambda: model.active == 0)
        assert model.cancelled == before + 1


def never() -> asyncio.Event:
    """An event that is never set: the model stops in the middle of its answer."""
    return asyncio.Event()


class TestADeletedDocument:
    def test_is_found_nowhere_from_that_moment(
        self, stack: RunningStack, client: httpx.Client, model: ModelServer
    ) -> None:
        client.post("/v1/libraries", json={"name": "short-lived"})
        uploaded = stack.upload(client, REPORT, library="short-lived")
        stack.finished(client, uploaded["job"]["id"])
        document = uploaded["document"]["id"]
        query = {"query": "Gannet Rock", "libraries": ["short-lived"]}
        assert client.post("/v1/search", json=query).json()["passages"]

        assert client.delete(f"/v1/documents/{document}").status_code == 204

        assert client.post("/v1/search", json=query).json()["passages"] == []
        assert client.get(f"/v1/documents/{document}").status_code == 404
        assert client.get(f"/v1/documents/{document}/content").status_code == 404
        ask = {"question": DARK, "libraries": ["short-lived"], "stream": False}
        assert client.post("/v1/ask", json=ask).json()["reason"] == "no_documents"
        jobs = client.get("/v1/jobs", params={"document_id": document}).json()["items"]
        purge = next(job for job in jobs if job["kind"] == "purge")
        assert stack.finished(client, purge["id"])["state"] == "succeeded"
        assert not list((stack.home / "blobs").rglob(document))

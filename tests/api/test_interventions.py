"""Jobs are cancelled, tried again and followed over HTTP."""

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.records import JobStage, Role

if TYPE_CHECKING:
    from tests.api.conftest import Service

Body = dict[str, Any]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
async def job(client: httpx.AsyncClient, pdf: bytes) -> Body:
    """A job that waits."""
    uploaded = await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})
    body: Body = uploaded.json()["job"]
    return body


def events_of(text: str) -> list[tuple[int, Body]]:
    """Return the number and the job of every event."""
    found = []
    for block in text.strip().split("\n\n"):
        name, data, number = block.split("\n")
        assert name == "event: job"
        found.append((int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))))
    return found


class TestCancelling:
    async def test_ends_a_job_at_once(
        self, client: httpx.AsyncClient, service: "Service", job: Body
    ) -> None:
        service.claim()
        answer = await client.post(f"/v1/jobs/{job['id']}/cancel")

        assert answer.status_code == 202
        body = answer.json()
        assert (body["id"], body["state"]) == (job["id"], "cancelled")
        assert body["error"]["code"] == "cancelled"
        assert body["finished_at"]
        assert (await client.get(f"/v1/jobs/{job['id']}")).json() == body
        document = (await client.get(f"/v1/documents/{job['document_id']}")).json()
        assert document["state"] == "failed"

    async def test_of_what_is_over_is_a_conflict(
        self, client: httpx.AsyncClient, job: Body
    ) -> None:
        await client.post(f"/v1/jobs/{job['id']}/cancel")

        assert code_of(await client.post(f"/v1/jobs/{job['id']}/cancel")) == (409, "conflict")


class TestRetrying:
    @pytest.mark.parametrize("body", [None, {}, {"password": None}, {"password": ""}])
    async def test_queues_the_same_job_and_rings(
        self, client: httpx.AsyncClient, service: "Service", job: Body, body: Body | None
    ) -> None:
        service.stores.claims.fail(service.claim(), "unreadable_file", "It is damaged.")
        rings = service.bell.rings
        answer = await client.post(f"/v1/jobs/{job['id']}/retry", json=body)

        assert answer.status_code == 202
        assert (answer.json()["id"], answer.json()["state"]) == (job["id"], "queued")
        assert answer.json()["error"] is None
        assert service.bell.rings == rings + 1
        assert service.claim().job_id == job["id"]

    async def test_needs_no_body(
        self, client: httpx.AsyncClient, service: "Service", job: Body
    ) -> None:
        await client.post(f"/v1/jobs/{job['id']}/cancel")
        service.bell.away = True

        assert (await client.post(f"/v1/jobs/{job['id']}/retry")).status_code == 202

    async def test_seals_a_password(
        self, client: httpx.AsyncClient, service: "Service", job: Body
    ) -> None:
        service.stores.claims.fail(service.claim(), "password_required", "It is encrypted.")
        await client.post(f"/v1/jobs/{job['id']}/retry", json={"password": " s3cret "})

        sealed = service.stores.versions.source(claim := service.claim()).password
        assert sealed is not None
        assert b"s3cret" not in sealed
        assert service.stores.secrets.unseal(sealed, claim.document_id) == " s3cret "

    @pytest.mark.parametrize(
        "body", [{"password": "x" * 501}, {"password": 7}, {"colour": "red"}, {"password": "a\0"}]
    )
    async def test_takes_nothing_else(
        self, client: httpx.AsyncClient, job: Body, body: Body
    ) -> None:
        await client.post(f"/v1/jobs/{job['id']}/cancel")
        answer = await client.post(f"/v1/jobs/{job['id']}/retry", json=body)

        assert code_of(answer) == (422, "invalid")

    async def test_of_what_has_not_failed_is_a_conflict(
        self, client: httpx.AsyncClient, service: "Service", job: Body
    ) -> None:
        waiting = await client.post(f"/v1/jobs/{job['id']}/retry")
        service.index("Text.")
        done = await client.post(f"/v1/jobs/{job['id']}/retry")

        assert code_of(waiting) == code_of(done) == (409, "conflict")


@pytest.mark.parametrize("verb", ["cancel", "retry"])
class TestBoth:
    async def test_need_an_editor(
        self, client: httpx.AsyncClient, service: "Service", job: Body, verb: str
    ) -> None:
        address, reader = f"/v1/jobs/{job['id']}/{verb}", service.new_key(Role.READER)

        assert code_of(await client.post(address, headers=reader)) == (403, "forbidden")

    async def test_find_no_job_that_is_unknown_or_another_s(
        self, client: httpx.AsyncClient, service: "Service", job: Body, verb: str
    ) -> None:
        theirs = service.new_key(Role.ADMIN, service.new_workspace())
        answers = [
            await client.post(f"/v1/jobs/nothing/{verb}"),
            await client.post(f"/v1/jobs/{job['id']}/{verb}", headers=theirs),
        ]

        assert [code_of(answer) for answer in answers] == [(404, "job_not_found")] * 2


class TestFollowing:
    def test_shows_a_cancellation_and_ends(
        self, remote: httpx.Client, service: "Service", pdf: bytes
    ) -> None:
        job = remote.post("/v1/documents", files={"file": ("a.pdf", pdf)}).json()["job"]
        with remote.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
            pieces = stream.iter_text()
            text = next(pieces)
            service.stores.interventions.cancel(service.workspace, job["id"])
            text += "".join(pieces)

        events = events_of(text)
        assert [event["state"] for _, event in events] == ["queued", "cancelled"]
        assert events[-1][1]["error"]["code"] == "cancelled"

    def test_taken_up_again_goes_on_from_where_the_job_is(
        self, remote: httpx.Client, service: "Service", pdf: bytes
    ) -> None:
        job = remote.post("/v1/documents", files={"file": ("a.pdf", pdf)}).json()["job"]
        address = f"/v1/jobs/{job['id']}/events"
        with remote.stream("GET", address) as stream:
            [(seen, _)] = events_of(next(stream.iter_text()))
        service.stores.claims.checkpoint(service.claim(), JobStage.PARSING, 1, 2)
        headers = {"Last-Event-ID": str(seen)}
        with remote.stream("GET", address, headers=headers) as stream:
            pieces = stream.iter_text()
            text = next(pieces)
            service.stores.catalogue.publish(service.claim(), 2, 0, ())
            text += "".join(pieces)

        events = events_of(text)
        numbers = [number for number, _ in events]
        assert numbers == sorted(numbers)
        assert numbers[0] > seen
        assert events[0][1]["progress"] == {"done": 0, "total": 2, "unit": "pages"}
        assert events[-1][1]["state"] == "succeeded"

    def test_of_a_job_that_is_tried_again_goes_to_its_new_end(
        self, remote: httpx.Client, service: "Service", pdf: bytes
    ) -> None:
        job = remote.post("/v1/documents", files={"file": ("a.pdf", pdf)}).json()["job"]
        address = f"/v1/jobs/{job['id']}"
        service.stores.claims.fail(service.claim(), "unreadable_file", "It is damaged.")
        [(ended, failed)] = events_of(remote.get(f"{address}/events").text)
        assert failed["state"] == "failed"

        assert remote.post(f"{address}/retry").status_code == 202
        headers = {"Last-Event-ID": str(ended)}
        with remote.stream("GET", f"{address}/events", headers=headers) as stream:
            pieces = stream.iter_text()
            text = next(pieces)
            service.index("Text.")
            text += "".join(pieces)

        events = events_of(text)
        assert events[0][1]["state"] == "queued"
        assert events[0][0] > ended
        assert events[-1][1]["state"] == "succeeded"

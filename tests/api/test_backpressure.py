"""What is refused before it costs anything, and what an outage leaves: nothing."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.settings import DatabaseSettings, Settings, UploadSettings

if TYPE_CHECKING:
    from tests.api.conftest import Service

LARGE = 2_000_000


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def post(client: httpx.AsyncClient, content: bytes) -> httpx.Response:
    return await client.post("/v1/documents", files={"file": ("a.pdf", content)})


async def put(
    client: httpx.AsyncClient, document: dict[str, Any], content: bytes
) -> httpx.Response:
    address = f"/v1/documents/{document['id']}/content"
    return await client.put(address, files={"file": ("a.pdf", content)})


@contextmanager
def replaced_by_a_file(folder: Path) -> Iterator[None]:
    """Have no file stored in a folder: also root can't write below a file."""
    aside = folder.with_name(f"{folder.name}.aside")
    folder.rename(aside)
    folder.write_bytes(b"")
    yield
    folder.unlink()
    aside.rename(folder)


class TestAFullQueue:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        limits = UploadSettings(max_queued_jobs=1, min_free_bytes=0)
        return settings.model_copy(update={"uploads": limits})

    async def test_refuses_what_is_new_and_nothing_else(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        first = (await post(client, pdf)).json()
        refused = await post(client, pdf + b"2")
        same = await post(client, pdf)
        service.index("Text.")
        after = await post(client, pdf + b"2")
        version = await put(client, first["document"], pdf + b"3")

        for answer in (refused, version):
            assert code_of(answer) == (429, "queue_full")
            assert int(answer.headers["Retry-After"]) > 0
        assert same.status_code == 200
        assert after.status_code == 202
        assert len(service.kept()) == 2
        assert service.staged() == []

    async def test_refuses_a_large_body_before_it_is_read(
        self, client: httpx.AsyncClient, service: "Service", document: dict[str, Any], pdf: bytes
    ) -> None:
        await post(client, pdf + b"2")

        async def body() -> AsyncIterator[bytes]:
            for _ in range(LARGE // 1000):
                yield bytes(1000)

        form = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(LARGE)}
        for method, address in (
            ("POST", "/v1/documents"),
            ("PUT", f"/v1/documents/{document['id']}/content"),
        ):
            looked = len(list(service.settings.folder.rglob("*")))
            answer = await client.request(method, address, content=body(), headers=form)
            assert code_of(answer) == (429, "queue_full")
            assert len(list(service.settings.folder.rglob("*"))) == looked

    async def test_takes_a_new_version_of_what_waits(
        self, client: httpx.AsyncClient, pdf: bytes
    ) -> None:
        waiting = (await post(client, pdf)).json()["document"]

        assert (await put(client, waiting, pdf + bytes(LARGE))).status_code == 202


class TestADiskThatIsNearlyFull:
    async def test_takes_what_leaves_enough_free_and_refuses_the_rest_unread(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        free = shutil.disk_usage(service.settings.folder).free
        service.stores.blobs._min_free_bytes = free - LARGE // 2
        assert (await post(client, pdf)).status_code == 202

        answer = await post(client, pdf + bytes(LARGE))

        assert code_of(answer) == (503, "storage_full")
        assert int(answer.headers["Retry-After"]) > 0
        assert len(service.kept()) == 1
        assert service.staged() == []


class TestAFileStoreThatIsAway:
    async def test_is_said_and_leaves_nothing(
        self, client: httpx.AsyncClient, service: "Service", document: dict[str, Any], pdf: bytes
    ) -> None:
        blobs = service.settings.folder / "blobs"
        for folder in (blobs / ".staging", blobs / service.workspace, blobs):
            with replaced_by_a_file(folder):
                answers = [
                    await post(client, pdf + b"2"),
                    await put(client, document, pdf + b"3"),
                ]
            for answer in answers:
                assert code_of(answer) == (503, "blobs_unavailable")
                assert int(answer.headers["Retry-After"]) > 0
            assert len(service.kept()) == 1
            assert service.staged() == []
        assert len((await client.get("/v1/documents")).json()["items"]) == 1
        assert len((await client.get("/v1/jobs")).json()["items"]) == 1

    async def test_whose_folder_was_removed_has_a_new_one(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        (service.settings.folder / "blobs" / ".staging").rmdir()

        assert (await post(client, pdf)).status_code == 202


class TestADatabaseThatIsLocked:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"database": DatabaseSettings(busy_seconds=0.2)})

    async def test_is_said_and_leaves_no_file(
        self, client: httpx.AsyncClient, service: "Service", document: dict[str, Any], pdf: bytes
    ) -> None:
        with service.stores.database.write():
            answers = [
                await post(client, pdf + b"2"),
                await put(client, document, pdf + b"3"),
            ]

        for answer in answers:
            assert code_of(answer) == (503, "catalogue_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert len(service.kept()) == 1
        assert service.staged() == []
        assert (await post(client, pdf + b"2")).status_code == 202
        assert (await put(client, document, pdf + b"3")).status_code == 202


def test_two_hundred_different_uploads_at_once_are_all_accepted(
    service: "Service", address: tuple[str, int], pdf: bytes
) -> None:
    async def upload_all() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(
            base_url=f"http://{address[0]}:{address[1]}",
            headers=service.headers,
            limits=limits,
            timeout=120,
            trust_env=False,
        ) as client:
            return await asyncio.gather(*(post(client, pdf + b"%d" % n) for n in range(200)))

    answers = asyncio.run(upload_all())

    assert {answer.status_code for answer in answers} == {202}
    jobs = {answer.json()["job"]["id"] for answer in answers}
    assert len(jobs) == 200
    assert len(service.kept()) == 200
    assert service.staged() == []
    claimed = {service.claim().job_id for _ in range(200)}
    assert claimed == jobs

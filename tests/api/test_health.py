"""Health and status of the deployment."""

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from api.health import Health

if TYPE_CHECKING:
    from tests.api.conftest import Service


async def report(client: httpx.AsyncClient) -> tuple[int, str]:
    answer = await client.get("/health/ready", headers={"Authorization": ""})
    return answer.status_code, answer.json()["status"]


async def test_all_is_well(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert set(answer.json()["checks"]) >= {
        "catalogue", "broker", "index", "lexical", "workers", "embedder", "model",
    }  # fmt: skip
    assert answer.json()["checks"]["index"] == {"status": "ok", "detail": "It answers."}


@pytest.mark.parametrize("name", ["broker", "index", "workers", "model", "lexical", "embedder"])
async def test_without_one_of_these_it_goes_on(
    client: httpx.AsyncClient, service: "Service", name: str
) -> None:
    service.down.add(name)

    assert await report(client) == (200, "degraded")
    checks = (await client.get("/health")).json()["checks"]
    assert checks[name] == {"status": "down", "detail": f"The {name} is away."}


@pytest.mark.parametrize("names", [{"catalogue"}, {"blobs"}, {"embedder", "lexical"}])
async def test_without_these_nothing_goes_on(
    client: httpx.AsyncClient, service: "Service", names: set[str]
) -> None:
    service.down.update(names)

    assert await report(client) == (503, "unavailable")
    assert (await client.get("/health/live")).status_code == 200


async def test_a_check_that_hangs_is_down() -> None:
    async def hangs() -> str:
        await asyncio.Event().wait()
        return ""

    async def answers() -> str:
        return "yes"

    checks = (await Health({"index": hangs, "broker": answers}).report()).checks

    assert checks["index"].status == "down"
    assert checks["broker"].status == "ok"


async def test_many_who_ask_at_once_are_one_check() -> None:
    asked = 0

    async def counted() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return ""

    health = Health({"index": counted}, fresh_seconds=60)
    await asyncio.gather(*(health.report() for _ in range(20)))

    assert asked == 1


async def test_the_status_tells_the_deployment_in_numbers(
    client: httpx.AsyncClient, service: "Service", pdf: bytes
) -> None:
    await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})
    service.stores.presence.beat("worker-1")
    body = (await client.get("/v1/admin/status")).json()

    assert body["jobs"]["queued"] == 1
    assert body["oldest_queued_seconds"] >= 0
    assert [worker["id"] for worker in body["workers"]] == ["worker-1"]
    assert body["stores"]["documents"] == 1
    assert body["stores"]["blob_bytes"] == len(pdf)
    assert body["limits"]["max_file_bytes"] == 8_000_000

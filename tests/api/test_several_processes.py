"""Two API processes over one Valkey: limits are the deployment's, whatever process is asked."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from data.settings import Settings
from tests.running_valkey import running_valkey

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0


class OneOfSeveral:
    """An API process."""

    def __init__(self, settings: Settings, broker_url: str) -> None:
        port = _free_port()
        environment = {
            **os.environ,
            "FOOTNOTE_HOME": str(settings.folder),
            "FOOTNOTE_BROKER__URL": broker_url,
            "FOOTNOTE_ANSWERS__MAX_RUNNING": "2",
            "FOOTNOTE_ANSWERS__MAX_WAITING": "2",
            "FOOTNOTE_ANSWERS__LEASE_SECONDS": "3",
            "FOOTNOTE_ANSWERS__BROKER_SECONDS": "20",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.api.one_of_several", str(port)],
            env=environment,
            cwd=ROOT,
        )
        key = (settings.folder / "admin.key").read_text().strip()
        self.client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            trust_env=False,
        )

    async def start(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            while not await self._lives():
                assert self.process.poll() is None
                await asyncio.sleep(0.05)

    async def _lives(self) -> bool:
        try:
            return (await self.client.get("/health/live")).status_code == 200
        except httpx.TransportError:
            return False

    async def ask(self, stack: AsyncExitStack) -> httpx.Response:
        """Return the answer's beginning; it goes on until the stack is closed."""
        return await stack.enter_async_context(
            self.client.stream("POST", "/v1/ask", json={"question": "How fast do bees fly?"})
        )

    async def limits(self) -> tuple[int, int]:
        limits = (await self.client.get("/v1/admin/status")).json()["limits"]
        return limits["answers_running"], limits["answers_waiting"]


@pytest.fixture
def broker_url(tmp_path: Path) -> Iterator[str]:
    with running_valkey(tmp_path / "broker") as server:
        yield server.url


@pytest.fixture
async def processes(settings: Settings, broker_url: str) -> AsyncIterator[list[OneOfSeveral]]:
    started = [OneOfSeveral(settings, broker_url) for _ in range(2)]
    try:
        for process in started:
            await process.start()
        yield started
    finally:
        for process in started:
            process.process.kill()
            process.process.wait()
            await process.client.aclose()


async def first_word(response: httpx.Response) -> None:
    """Return when the model's first word has come."""
    async for line in response.aiter_lines():
        if line == "event: token":
            return
    raise AssertionError("it ended before the first word")


@asynccontextmanager
async def asked(
    processes: list[OneOfSeveral], questions: int
) -> AsyncIterator[list[httpx.Response]]:
    """Ask all at once, in turns; the answers go on for the block."""
    async with AsyncExitStack() as stack:
        yield await asyncio.gather(
            *(processes[number % 2].ask(stack) for number in range(questions))
        )


async def test_limits_are_the_deployments(processes: list[OneOfSeveral]) -> None:
    first, second = processes
    async with asked(processes, 10) as responses:
        statuses = sorted(response.status_code for response in responses)
        refused = next(response for response in responses if response.status_code == 429)

        assert statuses == [200] * 4 + [429] * 6
        assert int(refused.headers["Retry-After"]) >= 1
        assert await seen(first, (2, 2))
        assert await seen(second, (2, 2))

    assert await seen(first, (0, 0))
    first.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(first.process.wait, 60) == 0
    async with asked([second, second], 4) as responses:
        assert [response.status_code for response in responses] == [200] * 4


async def test_the_places_of_a_killed_process_come_back(processes: list[OneOfSeveral]) -> None:
    first, second = processes
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await first.ask(stack)
        waiting = await second.ask(stack)
        assert await seen(second, (2, 1))

        first.process.kill()

        async with asyncio.timeout(60):
            await first_word(waiting)


async def seen(process: OneOfSeveral, limits: tuple[int, int]) -> bool:
    """Whether the status comes to say so."""
    async with asyncio.timeout(60):
        while await process.limits() != limits:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.05)
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port

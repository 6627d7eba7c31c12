"""Several processes' admissions over one Valkey; they can be stopped, and killed."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from data.errors import BrokerUnavailable
from data.quota import Demand, Grant, Quota
from data.settings import AnswerSettings
from retrieval.admission import Admission


class MortalQuota:
    """The quota of a process that can be killed: then nothing is heard of it any more."""

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self.dead = False
        self.calls = 0
        self.failures = 0
        # Whether the server is being asked, and whether its answer was held up on its way.
        self.is_asking = False
        self.is_held_up = False
        self.arriving = asyncio.Event()
        self.arriving.set()

    async def settle(self, demand: Demand) -> Grant:
        self.calls += 1
        self.is_asking = True
        try:
            return await self._settle(demand)
        except BrokerUnavailable:
            self.failures += 1
            raise
        finally:
            self.is_asking = False

    async def _settle(self, demand: Demand) -> Grant:
        if self.dead:
            await asyncio.Event().wait()
        granted = await self._quota.settle(demand)
        self.is_held_up = not self.arriving.is_set()
        await self.arriving.wait()
        return granted

    async def leave(self) -> None:
        if self.dead:
            raise BrokerUnavailable
        await self._quota.leave()


class Process:
    """An API process, as far as admission goes."""

    def __init__(self, url: str, settings: AnswerSettings) -> None:
        quota = Quota(url, settings)
        self.quota = MortalQuota(quota)
        self.admission = Admission(settings, self.quota)
        self._stack = AsyncExitStack()
        self._stack.push_async_callback(quota.close)

    async def start(self) -> None:
        await self._stack.enter_async_context(self.admission.opened())

    async def stop(self) -> None:
        await self._stack.aclose()

    async def kill(self) -> None:
        self.quota.dead = True
        await self._stack.aclose()


class Deployment:
    """Processes that share a server and their settings."""

    def __init__(self, url: str, settings: AnswerSettings) -> None:
        self._url = url
        self.settings = settings
        self.processes: list[Process] = []

    async def start(self) -> Process:
        process = Process(self._url, self.settings)
        await process.start()
        self.processes.append(process)
        return process

    async def kill(self, process: Process) -> None:
        self.processes.remove(process)
        await process.kill()

    async def stop(self, process: Process) -> None:
        self.processes.remove(process)
        await process.stop()

    @property
    def running(self) -> int:
        """How many answers run in all of them."""
        return sum(process.admission.running for process in self.processes)

    @property
    def waiting(self) -> int:
        """How many wait in all of them."""
        return sum(process.admission.waiting for process in self.processes)

    async def close(self) -> None:
        for process in list(self.processes):
            await self.stop(process)


async def until(is_so: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - anything may be asked for
            await asyncio.sleep(0.01)

"""How much of the deployment's places and line one process may use: it follows its need."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

from data.errors import BrokerUnavailable
from data.quota import Demand, Grant
from data.settings import AnswerSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")

# One that is away is asked again after a second.
AWAY_SECONDS = 1.0
# How often it is asked: while somebody waits here, while something is held that others may need,
# and always.
LINE_SECONDS = 0.05
SPARE_SECONDS = 0.25
IDLE_SECONDS = 1.0
LEASE_PART = 4
LATE_SECONDS = 0.01
# What is not urgent is said this late, so that it is said together.
TOGETHER_SECONDS = 0.01
# What a process has at hand, as a part of all: who enters then asks nobody.
SPARE_PART = 32


class SharesOut(Protocol):
    """Who shares out the deployment's places (data/quota.py)."""

    async def settle(self, demand: Demand) -> Grant:
        """Say what is used and get what may be used, or raise ``BrokerUnavailable``."""
        ...

    async def leave(self) -> None:
        """Give back everything, or raise ``BrokerUnavailable``."""
        ...


class Uses(Protocol):
    """Who uses the share (retrieval/admission.py)."""

    @property
    def running(self) -> int:
        """How many places are taken."""
        ...

    @property
    def waiting(self) -> int:
        """How long the line is."""
        ...

    def demand(self, kept: tuple[int, int], spare: tuple[int, int]) -> Demand:
        """Return what it uses and would like; who waits to hear of it is told in ``settled``."""
        ...

    def settled(self) -> bool:
        """Make use of what may be used now; return whether some still wait to hear."""
        ...


class Share:
    """What a process may use: a share of the deployment's, or all while it is alone.

    It is alone until it is opened, and while the server is away: better too many answers for
    a while than none.
    """

    def __init__(self, settings: AnswerSettings, quota: SharesOut | None, user: Uses) -> None:
        self._quota = quota
        self._user = user
        self._seconds = settings.broker_seconds
        self._idle_seconds = min(IDLE_SECONDS, settings.lease_seconds / LEASE_PART)
        self._spare = (settings.max_running // SPARE_PART, settings.max_waiting // SPARE_PART)
        self._all = Grant(settings.max_running, settings.max_waiting)
        self._asked = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._hoped_for = False
        self.alone = True
        self.granted = self._all
        # How many may run and wait here, from now on.
        self.may_run = self._all.may_run
        self.may_wait = self._all.may_wait

    def ask(self) -> None:
        """Have the server asked now; ``settled`` follows."""
        self._asked.set()

    def note_change(self) -> None:
        """Have the server told when too little is at hand, and soon when too much is."""
        if self.alone:
            return
        granted, running, waiting = self.granted, self._user.running, self._user.waiting
        if (
            2 * max(0, self.may_run - running) < granted.spare_running
            or 2 * max(0, self.may_wait - waiting) < granted.spare_waiting
        ):
            self._asked.set()
        elif not self._timer and (
            granted.holds_running - running > 2 * granted.spare_running
            or granted.holds_waiting - waiting > 2 * granted.spare_waiting
        ):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(TOGETHER_SECONDS, self._asked.set)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold a share of the deployment's for the block."""
        if self._quota is None:
            yield
            return
        await self._settle(self._quota)
        following = asyncio.create_task(self._follow(self._quota), name="share")
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            with suppress(BrokerUnavailable):
                await _bounded(self._quota.leave(), self._seconds)

    async def _follow(self, quota: SharesOut) -> None:
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause()):
                        await self._asked.wait()
                await self._settle(quota)
        except Exception:
            logger.exception("limits on answers count for this process alone")
            raise
        finally:
            # Whoever waits for a word gets it, also when this ends by a mistake.
            self._be_alone()
            self._user.settled()

    def _pause(self) -> float:
        if self.alone:
            return AWAY_SECONDS
        if self._user.waiting or self._hoped_for:
            return LINE_SECONDS
        granted, user = self.granted, self._user
        spare = granted.holds_running - user.running + granted.holds_waiting - user.waiting
        return SPARE_SECONDS if spare > 0 else self._idle_seconds

    async def _settle(self, quota: SharesOut) -> None:
        """Say what is used, and use what is granted."""
        self._forget_asking()
        demand = self._demand()
        if not self.alone:
            # While the server decides, nothing is used that it may give to others.
            self.may_run = min(self.may_run, demand.running + demand.kept_running)
            self.may_wait = min(self.may_wait, demand.waiting + demand.kept_waiting)
        try:
            granted = await _bounded(quota.settle(demand), self._seconds)
        except BrokerUnavailable:
            if not self.alone:
                logger.warning("limits on answers count for this process alone: no broker")
            self._be_alone()
        else:
            self.alone = False
            self._use(granted)
        self._hoped_for = self._user.settled()

    def _demand(self) -> Demand:
        user, granted = self._user, self.granted
        kept_running = min(self.may_run - user.running, granted.spare_running)
        kept_waiting = min(self.may_wait - user.waiting, granted.spare_waiting)
        return user.demand((max(0, kept_running), max(0, kept_waiting)), self._spare)

    def _be_alone(self) -> None:
        self._forget_asking()
        self.alone = True
        self._use(self._all)

    def _use(self, granted: Grant) -> None:
        self.granted = granted
        self.may_run, self.may_wait = granted.may_run, granted.may_wait

    def _forget_asking(self) -> None:
        self._asked.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None


async def _bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Return what the work returns, or raise ``BrokerUnavailable`` when it takes too long."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            # When it was this loop that was held up, the answer is there, but was not read yet.
            await asyncio.wait({task}, timeout=LATE_SECONDS)
        if not task.done():
            raise BrokerUnavailable
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

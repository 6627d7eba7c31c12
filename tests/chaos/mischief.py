"""What dies, stops, forgets and repeats itself while files are being indexed."""

import logging
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from data.errors import BrokerUnavailable
from data.settings import BrokerSettings
from tests.chaos.background import Background
from tests.chaos.digests import catalogue
from tests.chaos.processes import (
    BROKER,
    SERVER_ROLES,
    WORKER_ROLES,
    ask_broker,
    broker_socket,
    by_role,
    send,
)
from tests.running_stack import RunningStack
from workers.queue import Doorbell

logger = logging.getLogger(__name__)

RINGS = 10


@dataclass(frozen=True)
class Measure:
    """How bad it gets."""

    seconds: float
    # Between two acts.
    pause_seconds: tuple[float, float] = (1.0, 4.0)
    # How long a process stands still: longer than a lease.
    stop_seconds: float = 8.0
    # Whether now and then everything dies at once, and is started again.
    power_cuts: bool = False


class Mischief(Background):
    """One act after the other, in an order that its seed decides.

    Every kind comes once before any comes again. At the end, what was stopped goes on.
    """

    def __init__(self, stack: RunningStack, seed: int, measure: Measure) -> None:
        super().__init__()
        self.survived: Counter[str] = Counter()
        self._until = time.monotonic() + measure.seconds
        self._stack = stack
        self._measure = measure
        self._dice = random.Random(seed)
        self._stopped: dict[int, float] = {}
        self._acts: dict[str, Callable[[], bool]] = {
            **{f"kill {role}": partial(self._kill_worker, role) for role in WORKER_ROLES},
            **{f"kill {role}": partial(self._kill, role) for role in SERVER_ROLES},
            "stop a process": self._stop_one,
            "broker forgets (FLUSHALL)": self._flush,
            "broker loses its files": self._wipe,
            f"{RINGS} rings for nothing": self._ring,
        }
        if measure.power_cuts:
            self._acts["power cut"] = self._cut_power

    def run(self) -> None:
        hand: list[str] = []
        try:
            while self._has_time():
                self._go_on(at_once=False)
                hand = hand or self._dice.sample(list(self._acts), len(self._acts))
                # What has no victim now is left for later.
                if did := next((name for name in hand if self._acts[name]()), None):
                    logger.warning(did)
                    hand.remove(did)
                    self.survived[did] += 1
        finally:
            self._go_on(at_once=True)

    def _has_time(self) -> bool:
        """Pause, and return whether there is to be another act."""
        is_told = self.ended.wait(self._dice.uniform(*self._measure.pause_seconds))
        return not is_told and time.monotonic() < self._until

    def last_out(self) -> None:
        """Wait until the mischief has lasted as long as it was to."""
        self.ended.wait(self._until - time.monotonic())

    def _kill_worker(self, role: str) -> bool:
        """In the middle of a job: an idle one would be no loss."""
        with catalogue(self._stack.home) as rows:
            working = "SELECT 1 FROM jobs WHERE state = 'running' AND lease_until > ?"
            is_working = rows.execute(working, (time.time(),)).fetchone() is not None
        return is_working and self._kill(role)

    def _kill(self, role: str) -> bool:
        pids = by_role(self._stack).get(role, [])
        return bool(pids) and send(self._dice.choice(pids), signal.SIGKILL)

    def _stop_one(self) -> bool:
        pids = [pid for role, found in by_role(self._stack).items() for pid in sorted(found)]
        if not pids:
            return False
        pid = self._dice.choice(pids)
        longest = self._measure.stop_seconds
        self._stopped[pid] = time.monotonic() + self._dice.uniform(longest / 2, longest)
        return send(pid, signal.SIGSTOP)

    def _go_on(self, *, at_once: bool) -> None:
        for pid, until in list(self._stopped.items()):
            if at_once or time.monotonic() >= until:
                send(pid, signal.SIGCONT)
                del self._stopped[pid]

    def _flush(self) -> bool:
        return ask_broker(self._stack, "FLUSHALL") == "+OK"

    def _wipe(self) -> bool:
        """What the broker had on disk is gone, too: with its contents goes all it knew of time."""
        did = self._kill(BROKER)
        shutil.rmtree(self._stack.home / "broker" / "appendonlydir", ignore_errors=True)
        return did

    def _ring(self) -> bool:
        path = broker_socket(self._stack)
        if path is None:
            return False
        doorbell = Doorbell(f"redis+socket://{path}", BrokerSettings())
        try:
            for _ in range(RINGS):
                doorbell.ring()
        except BrokerUnavailable:
            return False
        finally:
            doorbell.close()
        return True

    def _cut_power(self) -> bool:
        for pid in self._stack.processes():
            send(pid, signal.SIGKILL)
        assert self._stack.process is not None
        self._stack.process.wait()
        self._stopped.clear()
        self._stack.start()
        return True

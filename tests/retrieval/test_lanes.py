import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from data.errors import NotFound, Overloaded, ShuttingDown
from retrieval.lanes import NICENESS, Lane

REQUEST: ContextVar[str] = ContextVar("REQUEST", default="none")


class Blocker:
    """A blocking call that says when it has begun and ends when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.go_on.wait(30)
        return "done"


@pytest.fixture
def lane() -> Iterator[Lane]:
    with Lane("test", threads=1, max_waiting=2) as lane:
        yield lane


@pytest.fixture
def blocker() -> Iterator[Blocker]:
    blocker = Blocker()
    yield blocker
    blocker.go_on.set()


async def begun(blocker: Blocker) -> None:
    """Return when the call runs, without holding the event loop."""
    with Lane("watcher", threads=1, max_waiting=0) as watcher:
        assert await watcher.run(blocker.begun.wait, 30)


async def waiting_in(lane: Lane, unfinished: int) -> None:
    """Let the callers that were made go to the lane."""
    await asyncio.sleep(0)
    assert lane.unfinished == unfinished


class TestLane:
    async def test_returns_what_the_call_returns(self, lane: Lane) -> None:
        assert await lane.run(divmod, 7, 3) == (2, 1)

    async def test_raises_what_the_call_raises(self, lane: Lane) -> None:
        def fail() -> None:
            raise NotFound

        with pytest.raises(NotFound):
            await lane.run(fail)

        assert await lane.run(len, "still works") == 11

    async def test_works_in_threads_of_its_own_name(self, lane: Lane) -> None:
        name = await lane.run(lambda: threading.current_thread().name)

        assert name.startswith("test")

    async def test_carries_the_callers_context_over(self, lane: Lane) -> None:
        REQUEST.set("r-1")

        assert await lane.run(REQUEST.get) == "r-1"

    async def test_refuses_when_its_line_is_full_and_takes_more_when_it_is_not(
        self, lane: Lane, blocker: Blocker
    ) -> None:
        calls = [asyncio.create_task(lane.run(blocker)) for _ in range(3)]
        await waiting_in(lane, 3)

        with pytest.raises(Overloaded):
            await lane.run(len, "one too many")

        blocker.go_on.set()
        assert await asyncio.gather(*calls) == ["done"] * 3
        assert await lane.run(len, "room again") == 10

    async def test_runs_as_many_calls_at_once_as_it_has_threads(self) -> None:
        blockers = [Blocker(), Blocker()]
        with Lane("pair", threads=2, max_waiting=0) as lane:
            calls = [asyncio.create_task(lane.run(blocker)) for blocker in blockers]

            for blocker in blockers:
                await begun(blocker)

            for blocker in blockers:
                blocker.go_on.set()
            assert await asyncio.gather(*calls) == ["done", "done"]

    async def test_skips_a_call_whose_caller_left_and_gives_its_place_away(
        self, lane: Lane, blocker: Blocker
    ) -> None:
        ran: list[str] = []
        running = asyncio.create_task(lane.run(blocker))
        await begun(blocker)
        impatient = [asyncio.create_task(lane.run(ran.append, "left")) for _ in range(2)]
        await waiting_in(lane, 3)

        for task in impatient:
            task.cancel()
        await asyncio.wait(impatient)
        patient = asyncio.create_task(lane.run(ran.append, "stayed"))
        await waiting_in(lane, 2)
        blocker.go_on.set()

        await asyncio.gather(running, patient)
        assert ran == ["stayed"]

    async def test_goes_on_after_the_caller_of_a_running_call_left(
        self, lane: Lane, blocker: Blocker
    ) -> None:
        running = asyncio.create_task(lane.run(blocker))
        await begun(blocker)
        following = asyncio.create_task(lane.run(len, "abc"))
        await waiting_in(lane, 2)

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        blocker.go_on.set()

        assert await following == 3

    async def test_closing_ends_the_running_call_and_turns_the_others_away(
        self, blocker: Blocker
    ) -> None:
        async with Lane("test", threads=1, max_waiting=2) as lane:
            running = asyncio.create_task(lane.run(blocker))
            await begun(blocker)
            waiting = asyncio.create_task(lane.run(len, "abc"))
            await waiting_in(lane, 2)

            def let_go(_: asyncio.Task[int]) -> None:
                blocker.go_on.set()

            waiting.add_done_callback(let_go)

        assert await running == "done"
        with pytest.raises(ShuttingDown):
            await waiting
        with pytest.raises(ShuttingDown):
            await lane.run(len, "too late")


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness of their own")
def test_a_lane_lets_the_event_loop_go_first_however_nice_that_is() -> None:
    found: dict[str, int] = {}

    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    async def serve() -> None:
        async with Lane("test", threads=1, max_waiting=2) as lane:
            found.update(loop=niceness(), lane=await lane.run(niceness))

    def nicely() -> None:
        os.nice(10)
        asyncio.run(serve())

    thread = threading.Thread(target=nicely)
    thread.start()
    thread.join()

    assert found["lane"] == min(19, found["loop"] + NICENESS)

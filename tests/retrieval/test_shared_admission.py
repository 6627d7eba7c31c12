"""The bounds hold for all processes together, fairly, and nobody waits beside a free place."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from data.errors import Overloaded
from data.settings import AnswerSettings
from retrieval.tickets import Ticket
from tests.retrieval.deployment import Deployment, Process, until
from tests.running_valkey import RunningValkey, running_valkey

Deploy = Callable[[AnswerSettings, int], Awaitable[Deployment]]


def bounds(max_running: int, max_waiting: int, lease_seconds: float = 10.0) -> AnswerSettings:
    """Bounds that a busy machine keeps too: a slow server is not given up soon."""
    return AnswerSettings(
        max_running=max_running,
        max_waiting=max_waiting,
        lease_seconds=lease_seconds,
        broker_seconds=20,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
async def deploy(server: RunningValkey) -> AsyncIterator[Deploy]:
    # Tests kill it and have it stand still.
    server.go_on()
    server.start()
    server.forget_everything()
    async with AsyncExitStack() as stack:

        async def deploy(settings: AnswerSettings, processes: int) -> Deployment:
            deployment = Deployment(server.url, settings)
            stack.push_async_callback(deployment.close)
            for _ in range(processes):
                await deployment.start()
            return deployment

        yield deploy


async def let_in(process: Process, questions: int, key: str = "k") -> list[Ticket]:
    """Return the tickets of those that are not refused."""
    entering = (process.admission.enter(key) for _ in range(questions))
    tickets = await asyncio.gather(*entering, return_exceptions=True)
    assert all(isinstance(one, Ticket | Overloaded) for one in tickets)
    return [one for one in tickets if isinstance(one, Ticket)]


async def told(process: Process) -> None:
    """Return when the server knows how things are in a process now."""
    calls = process.quota.calls
    await until(lambda: process.quota.calls > calls + 1)


async def test_of_ten_at_once_exactly_as_many_are_let_in_as_there_is_room_for(
    deploy: Deploy,
) -> None:
    deployment = await deploy(bounds(2, 2), 2)

    both = await asyncio.gather(*(let_in(process, 5) for process in deployment.processes))

    assert sum(len(tickets) for tickets in both) == 4
    assert (deployment.running, deployment.waiting) == (2, 2)


async def test_of_very_many_too(deploy: Deploy) -> None:
    deployment = await deploy(bounds(300, 200), 3)

    every = await asyncio.gather(*(let_in(process, 220) for process in deployment.processes))

    assert sum(len(tickets) for tickets in every) == 500
    assert (deployment.running, deployment.waiting) == (300, 200)


async def test_a_place_that_becomes_free_elsewhere_is_taken(deploy: Deploy) -> None:
    first, second = (await deploy(bounds(1, 1), 2)).processes
    (running,) = await let_in(first, 1)
    (waiting,) = await let_in(second, 1)
    assert not waiting.admitted

    running.release()

    async with asyncio.timeout(20):
        await waiting.turn()


async def test_nobody_asks_for_a_place_that_is_at_hand(deploy: Deploy) -> None:
    (process,) = (await deploy(bounds(1024, 1024), 1)).processes
    process.quota.dead = True

    tickets = await let_in(process, 32)

    assert all(ticket.admitted for ticket in tickets)


async def test_what_the_server_was_told_is_free_is_not_taken_before_it_answers(
    deploy: Deploy,
) -> None:
    deployment = await deploy(bounds(1, 1), 2)
    first, second = deployment.processes
    (ticket,) = await let_in(first, 1)
    await until(lambda: not first.quota.is_asking)
    first.quota.arriving.clear()
    ticket.release()
    await until(lambda: first.quota.is_held_up)

    (other,) = await let_in(second, 1)
    entering = asyncio.create_task(first.admission.enter("k"))
    await asyncio.sleep(0)
    assert other.admitted
    assert deployment.running == 1

    first.quota.arriving.set()
    assert not (await entering).admitted


async def test_places_of_a_process_that_was_killed_come_back(deploy: Deploy) -> None:
    deployment = await deploy(bounds(2, 2, lease_seconds=1), 2)
    killed, other = deployment.processes
    await let_in(killed, 4)
    assert await let_in(other, 1) == []

    await deployment.kill(killed)
    await until(lambda: other.admission.running_everywhere == 0)

    assert [ticket.admitted for ticket in await let_in(other, 4)] == [True, True, False, False]


async def test_places_of_a_process_that_was_stopped_come_back_at_once(deploy: Deploy) -> None:
    deployment = await deploy(bounds(2, 2), 2)
    stopped, other = deployment.processes
    for ticket in await let_in(stopped, 4):
        ticket.release()

    await deployment.stop(stopped)

    assert len(await let_in(other, 4)) == 4


async def test_one_that_is_cancelled_while_the_server_is_asked_keeps_nothing(
    deploy: Deploy,
) -> None:
    deployment = await deploy(bounds(1, 1), 1)
    (process,) = deployment.processes

    for pauses in range(12):
        entering = asyncio.create_task(process.admission.enter("k"))
        for _ in range(pauses):
            await asyncio.sleep(0.0002)
        if not entering.cancel():
            (await entering).release()
        await asyncio.wait({entering})

    assert (deployment.running, deployment.waiting) == (0, 0)
    assert len(await let_in(process, 2)) == 2


async def test_a_process_with_a_long_line_leaves_places_to_the_others(deploy: Deploy) -> None:
    first, second = (await deploy(bounds(4, 100), 2)).processes
    many = await let_in(first, 60)
    (single,) = await let_in(second, 1, "another")

    for ticket in many:
        if single.admitted:
            break
        if ticket.admitted:
            ticket.release()
            await asyncio.sleep(0.1)

    assert single.admitted
    assert first.admission.waiting > 40


async def test_a_full_line_elsewhere_makes_room_for_another_key(deploy: Deploy) -> None:
    deployment = await deploy(bounds(1, 4), 2)
    first, second = deployment.processes
    many = await let_in(first, 5, "many")
    await told(first)

    ones = [await let_in(second, 1, "one") for _ in range(3)]

    # With two each, neither has more than the other.
    assert [len(tickets) for tickets in ones] == [1, 1, 0]
    for ticket in many[3:]:
        with pytest.raises(Overloaded):
            await asyncio.wait_for(ticket.turn(), 20)
    assert [process.admission.waiting for process in deployment.processes] == [2, 2]


async def test_a_key_that_asks_very_often_keeps_nobody_else_out(deploy: Deploy) -> None:
    deployment = await deploy(bounds(1, 4), 2)
    first, second = deployment.processes
    await let_in(first, 5, "many")
    await told(first)

    refused, ones = await asyncio.gather(let_in(second, 50, "many"), let_in(second, 1, "one"))
    more = await let_in(second, 1, "another")

    assert (len(refused), len(ones), len(more)) == (0, 1, 1)
    await until(lambda: deployment.waiting == 4)


async def test_after_redis_lost_everything_what_runs_counts_again(
    deploy: Deploy, server: RunningValkey
) -> None:
    deployment = await deploy(bounds(2, 2), 2)
    first, second = deployment.processes
    await let_in(first, 2)
    server.forget_everything()
    third = await deployment.start()

    await until(lambda: third.admission.running_everywhere == 2)

    assert [ticket.admitted for ticket in await let_in(second, 3)] == [False, False]


async def test_while_redis_is_dead_each_process_keeps_the_bounds_for_itself(
    deploy: Deploy, server: RunningValkey
) -> None:
    first, second = (await deploy(bounds(2, 1), 2)).processes
    tickets = await let_in(first, 3)
    assert await let_in(second, 1) == []

    server.kill()
    await until(lambda: second.quota.failures)
    more = await let_in(second, 5)

    assert [ticket.admitted for ticket in more] == [True, True, False]
    server.start()
    await until(lambda: first.admission.running_everywhere == 4)
    await until(lambda: second.admission.running_everywhere == 4)
    # Nobody is sent away, and nobody begins before there is room.
    for ticket in (*tickets[:2], more[0]):
        assert not tickets[2].admitted
        assert not more[2].admitted
        ticket.release()
    async with asyncio.timeout(20):
        await asyncio.wait(
            [asyncio.create_task(ticket.turn()) for ticket in (tickets[2], more[2])],
            return_when=asyncio.FIRST_COMPLETED,
        )


async def test_a_server_that_stands_still_holds_nobody_up(
    deploy: Deploy, server: RunningValkey
) -> None:
    settings = AnswerSettings(max_running=2, max_waiting=1, broker_seconds=0.05)
    (process,) = (await deploy(settings, 1)).processes
    server.stand_still()

    async with asyncio.timeout(20):
        tickets = await let_in(process, 4)
        calls = process.quota.calls
        for ticket in tickets:
            ticket.release()
        tickets = await let_in(process, 4)

    assert len(tickets) == 3
    assert process.quota.calls == calls
    server.go_on()
    await until(lambda: process.quota.calls > calls + 2)


async def test_who_came_while_a_slow_server_was_asked_is_let_in_with_the_others(
    deploy: Deploy,
) -> None:
    settings = AnswerSettings(max_running=1, max_waiting=1, broker_seconds=0.2)
    (process,) = (await deploy(settings, 1)).processes
    await until(lambda: not process.quota.is_asking)
    process.quota.arriving.clear()
    first = asyncio.create_task(process.admission.enter("k"))
    await until(lambda: process.quota.is_held_up)
    second = asyncio.create_task(process.admission.enter("k"))

    assert (await first).admitted
    await asyncio.sleep(0)
    assert second.done()
    assert not (await second).admitted


async def test_a_process_starts_without_redis(server: RunningValkey, deploy: Deploy) -> None:
    server.kill()

    (process,) = (await deploy(bounds(2, 1), 1)).processes

    assert len(await let_in(process, 5)) == 3
    server.start()
    calls = process.quota.calls
    await until(lambda: process.quota.calls > calls + 2)


class Clients:
    """Ask, wait, hold and leave as they like, and look whether a bound is broken."""

    def __init__(self, deployment: Deployment, seed: int) -> None:
        self._deployment = deployment
        self._chance = random.Random(seed)
        self._asking: dict[asyncio.Task[None], Process] = {}
        self.most = 0

    def ask(self, questions: int) -> None:
        for _ in range(questions):
            process = self._chance.choice(self._deployment.processes)
            task = asyncio.create_task(self._ask(process))
            self._asking[task] = process
            task.add_done_callback(self._asking.pop)

    async def _ask(self, process: Process) -> None:
        key = self._chance.choice("aaaab")
        try:
            async with process.admission.place(key):
                self.most = max(self.most, self._deployment.running)
                await asyncio.sleep(self._chance.choice((0, 0.001, 0.02, 0.1)))
        except Overloaded:
            pass

    def leave(self, clients: int) -> None:
        for task in self._chance.sample(list(self._asking), min(clients, len(self._asking))):
            task.cancel()

    async def leave_dead(self, process: Process) -> None:
        gone = [task for task, asked in self._asking.items() if asked is process]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)

    async def finish(self) -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*self._asking, return_exceptions=True)

    async def make_trouble(self, moments: int) -> None:
        deployment, chance = self._deployment, self._chance
        for _ in range(moments):
            self.ask(chance.choice((1, 3, 20, 120)))
            if chance.random() < 0.5:
                self.leave(chance.randrange(20))
            if chance.random() < 0.1:
                process = chance.choice(deployment.processes)
                await (deployment.kill if chance.random() < 0.5 else deployment.stop)(process)
                await self.leave_dead(process)
                await deployment.start()
            await asyncio.sleep(chance.choice((0, 0.003, 0.05)))


@pytest.mark.parametrize(("seed", "places"), [(1, 3), (2, 90), (3, 1)])
async def test_whatever_happens_the_bounds_hold_and_everybody_hears(
    deploy: Deploy, seed: int, places: int
) -> None:
    deployment = await deploy(bounds(places, 2 * places, lease_seconds=4), 3)
    clients = Clients(deployment, seed)

    await clients.make_trouble(60)
    await clients.finish()

    assert 0 < clients.most <= places
    assert (deployment.running, deployment.waiting) == (0, 0)
    # All of it is to be had again, in the end also what the killed ones held.
    process = deployment.processes[0]
    async with asyncio.timeout(20):
        tickets = await let_in(process, 3 * places)
        while len(tickets) < 3 * places:
            for ticket in tickets:
                ticket.release()
            await asyncio.sleep(0.2)
            tickets = await let_in(process, 3 * places)
    assert deployment.running == places

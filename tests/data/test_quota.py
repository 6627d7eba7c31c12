"""Places are shared out over a real Valkey: never more than there are, evenly, and not for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import BrokerUnavailable
from data.quota import Demand, Grant, Quota
from data.settings import AnswerSettings
from tests.running_valkey import RunningValkey, running_valkey

MakeQuota = Callable[[AnswerSettings], Quota]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
async def new_quota(server: RunningValkey) -> AsyncIterator[MakeQuota]:
    server.forget_everything()
    async with AsyncExitStack() as stack:

        def make(settings: AnswerSettings) -> Quota:
            quota = Quota(server.url, settings)
            stack.push_async_callback(quota.close)
            return quota

        yield make


def wants(
    running: int = 0,
    waiting: int = 0,
    arriving: int = 0,
    *,
    kept_running: int = 0,
    kept_waiting: int = 0,
    spare: int = 0,
) -> Demand:
    return Demand(running, waiting, arriving, kept_running, kept_waiting, spare, spare)


async def test_gives_what_there_is(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=3, max_waiting=2)) for _ in range(2))

    assert await first.settle(wants(arriving=2)) == Grant(2, 0, holds_running=2)
    assert await second.settle(wants(arriving=4)) == Grant(
        1, 2, holds_running=1, holds_waiting=2, running_elsewhere=2
    )


async def test_takes_back_what_is_not_used(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=3, max_waiting=2)) for _ in range(2))
    await first.settle(wants(arriving=5))

    await first.settle(wants(running=1))
    granted = await second.settle(wants(arriving=5))

    assert (granted.may_run, granted.may_wait) == (2, 2)


async def test_leaves_what_is_kept(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=8, max_waiting=8)) for _ in range(2))
    await first.settle(wants(arriving=4))

    await first.settle(wants(running=2, kept_running=2, kept_waiting=3))
    granted = await second.settle(wants(arriving=20))

    assert (granted.may_run, granted.may_wait) == (4, 5)
    assert granted.idle_elsewhere == 5


async def test_what_one_process_has_at_hand_is_half_of_what_is_left_at_most(
    new_quota: MakeQuota,
) -> None:
    quotas = [new_quota(AnswerSettings(max_running=100, max_waiting=100)) for _ in range(2)]

    alone = await quotas[0].settle(wants(running=20, spare=50))
    both = await quotas[1].settle(wants(running=40, spare=50))

    assert (alone.may_run, alone.spare_running) == (60, 40)
    assert (both.may_run, both.spare_running) == (40, 0)
    assert (await quotas[0].settle(wants(running=20, spare=50))).may_run == 30


async def test_who_came_late_is_entitled_to_an_equal_share(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=10, max_waiting=50)) for _ in range(2))
    await first.settle(wants(arriving=30))
    await second.settle(wants(arriving=30))

    # Three of the ten have ended; two places are beyond its equal share now.
    granted = await first.settle(wants(running=7, waiting=20))
    other = await second.settle(wants(waiting=30))

    assert (granted.may_run, granted.holds_running) == (5, 7)
    assert other.may_run == 3
    assert (await first.settle(wants(running=5, waiting=20))).may_run == 5
    assert (await second.settle(wants(running=3, waiting=27))).may_run == 5


async def test_what_one_does_not_want_goes_to_the_others(new_quota: MakeQuota) -> None:
    quotas = [new_quota(AnswerSettings(max_running=12, max_waiting=50)) for _ in range(3)]
    await quotas[0].settle(wants(running=2))
    await quotas[1].settle(wants(arriving=30))

    assert (await quotas[2].settle(wants(arriving=30))).may_run == 0
    assert (await quotas[1].settle(wants(running=0, waiting=30))).may_run == 5
    assert (await quotas[2].settle(wants(waiting=30))).may_run == 5


async def test_a_place_that_can_not_be_divided_goes_round(new_quota: MakeQuota) -> None:
    quotas = [new_quota(AnswerSettings(max_running=1, max_waiting=50)) for _ in range(2)]
    running = [0, 0]
    turns = [0, 0]

    async with asyncio.timeout(20):
        while min(turns) < 2:
            for number, quota in enumerate(quotas):
                granted = await quota.settle(wants(running=running[number], waiting=9))
                assert granted.may_run + running[1 - number] <= 1
                turns[number] += granted.may_run > running[number]
                # Each answer is over when it is asked again.
                running[number] = 0
            await asyncio.sleep(0.05)


async def test_the_key_with_most_makes_room_elsewhere(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=1, max_waiting=3)) for _ in range(2))
    full = replace(wants(running=1, waiting=3), largest=3, largest_key="many")
    await first.settle(full)
    pressing = (("many", 0), ("one", 2), ("another", 1))

    granted = await second.settle(replace(wants(arriving=4), pressing=pressing))

    assert (granted.may_wait, granted.pressed) == (1, 3)
    made_room = await first.settle(full)
    assert (made_room.may_wait, made_room.owed) == (2, 1)
    assert (await first.settle(wants(running=1, waiting=2))).owed == 0
    assert (await second.settle(wants(waiting=1))).may_wait == 1


async def test_no_room_is_made_where_there_is_some(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=1, max_waiting=4)) for _ in range(2))
    await first.settle(replace(wants(running=1, waiting=3), largest=3, largest_key="many"))

    granted = await second.settle(replace(wants(arriving=1), pressing=(("one", 0),)))

    assert (granted.may_wait, granted.pressed) == (1, 0)


async def test_a_call_that_arrives_after_a_later_one_changes_nothing(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=3, max_waiting=2)) for _ in range(2))
    await first.settle(wants())
    await first.settle(wants(arriving=3))
    first._number = 0

    with pytest.raises(BrokerUnavailable):
        await first.settle(wants())

    assert (await second.settle(wants(arriving=3))).running_elsewhere == 3


async def test_who_is_not_heard_of_holds_nothing_any_more(new_quota: MakeQuota) -> None:
    settings = AnswerSettings(max_running=3, max_waiting=2, lease_seconds=1)
    killed, quota = new_quota(settings), new_quota(settings)
    await killed.settle(wants(arriving=5))
    assert (await quota.settle(wants(arriving=5))).may_run == 0

    async with asyncio.timeout(20):
        granted = await quota.settle(wants(arriving=5))
        while not granted.may_run:
            granted = await quota.settle(wants(arriving=5))

    assert (granted.may_run, granted.may_wait) == (3, 2)
    assert granted.running_elsewhere == 0


async def test_who_leaves_gives_back_at_once(new_quota: MakeQuota) -> None:
    first, second = (new_quota(AnswerSettings(max_running=3, max_waiting=2)) for _ in range(2))
    await first.settle(wants(arriving=5))

    await first.leave()

    granted = await second.settle(wants(arriving=5))
    assert (granted.may_run, granted.may_wait) == (3, 2)


async def test_what_runs_counts_also_where_it_is_too_much(
    new_quota: MakeQuota, server: RunningValkey
) -> None:
    first, second = (new_quota(AnswerSettings(max_running=3, max_waiting=2)) for _ in range(2))
    await first.settle(wants(arriving=3))
    server.forget_everything()

    assert (await second.settle(wants(running=2, arriving=1))).may_run == 3
    granted = await first.settle(wants(running=3, waiting=1))

    assert (granted.may_run, granted.holds_running) == (0, 3)
    assert (await second.settle(wants(running=2, waiting=1))).may_run == 0


async def test_a_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    quota = Quota(f"redis+socket://{tmp_path}/nothing.sock", AnswerSettings())

    with pytest.raises(BrokerUnavailable):
        await quota.settle(wants(arriving=1))
    with pytest.raises(BrokerUnavailable):
        await quota.leave()
    await quota.close()

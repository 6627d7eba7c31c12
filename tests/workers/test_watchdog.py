"""When a worker is deaf."""

from dataclasses import dataclass, field

import pytest

from data.errors import BrokerUnavailable, CatalogueUnavailable, FootnoteError
from workers.watchdog import LATELY_SECONDS, Watchdog


@dataclass
class World:
    """What the watchdog sees, and its clock."""

    idle: bool = True
    catalogue: FootnoteError | None = None
    broker: FootnoteError | None = None
    now: float = 1000.0
    asked: list[tuple[str, float]] = field(default_factory=list)

    def is_idle(self, worker: str, seconds: float) -> bool:
        self.asked.append((worker, seconds))
        if self.catalogue:
            raise self.catalogue
        return self.idle

    def check(self) -> None:
        if self.broker:
            raise self.broker

    def pass_by(self, seconds: float) -> float:
        self.now += seconds
        return self.now


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def watchdog(world: World) -> Watchdog:
    return Watchdog(world.is_idle, world, "me", 90, lambda: world.now)


def looks(watchdog: Watchdog, world: World, seconds: int) -> list[bool]:
    """Look every two seconds for so long."""
    return [watchdog.is_deaf() for _ in range(seconds // 2) if world.pass_by(2)]


def test_a_worker_that_takes_nothing_for_long_enough_is_deaf(
    watchdog: Watchdog, world: World
) -> None:
    assert looks(watchdog, world, 90) == [False] * 45
    assert looks(watchdog, world, 2) == [True]


def test_it_is_asked_about_its_own_worker_and_about_lately(
    watchdog: Watchdog, world: World
) -> None:
    watchdog.is_deaf()

    assert world.asked == [("me", LATELY_SECONDS)]


def test_a_worker_that_took_a_job_once_is_given_the_whole_time_again(
    watchdog: Watchdog, world: World
) -> None:
    looks(watchdog, world, 88)
    world.idle = False
    looks(watchdog, world, 2)
    world.idle = True

    assert looks(watchdog, world, 90) == [False] * 45
    assert looks(watchdog, world, 2) == [True]


def test_without_a_broker_nobody_is_deaf(watchdog: Watchdog, world: World) -> None:
    world.broker = BrokerUnavailable()
    looks(watchdog, world, 600)
    world.broker = None

    assert not any(looks(watchdog, world, 90))


def test_without_a_catalogue_nobody_is_deaf(watchdog: Watchdog, world: World) -> None:
    world.catalogue = CatalogueUnavailable()
    looks(watchdog, world, 600)
    world.catalogue = None

    assert not any(looks(watchdog, world, 90))


def test_a_watchdog_that_was_asleep_itself_begins_anew(watchdog: Watchdog, world: World) -> None:
    looks(watchdog, world, 60)
    world.pass_by(3600)

    assert not any(looks(watchdog, world, 90))
    assert looks(watchdog, world, 4)[-1]


def test_a_watchdog_that_is_told_of_another_reason_begins_anew(
    watchdog: Watchdog, world: World
) -> None:
    looks(watchdog, world, 90)
    watchdog.forget()

    assert not any(looks(watchdog, world, 90))
    assert looks(watchdog, world, 4)[-1]

"""Rings for what nobody does."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from data.database import clock
from data.errors import BrokerUnavailable
from data.orphans import Orphans
from data.settings import JobSettings
from data.stores import Stores
from data.tables import jobs
from tests.workers.conftest import Locked, Upload
from workers.reconcile import RINGS, Reconciler
from workers.sweeping import Sweeper


class Bell:
    """Counts, or finds no broker."""

    def __init__(self) -> None:
        self.rings = 0
        self.is_away = False

    def ring(self) -> None:
        if self.is_away:
            raise BrokerUnavailable
        self.rings += 1


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def start(stores: Stores, bell: Bell) -> Callable[[str], Reconciler]:
    sweeper = Sweeper(Orphans(stores.blobs, stores.documents), stores.purges)

    def start(worker: str) -> Reconciler:
        return Reconciler(stores.rings, stores.presence, bell, sweeper, JobSettings(), worker)

    return start


@pytest.fixture
def reconciler(start: Callable[[str], Reconciler]) -> Reconciler:
    """One that is beyond its first round."""
    reconciler = start("me")
    reconciler.run_once()
    return reconciler


def test_rings_once_for_a_job_that_nobody_rang_for(
    reconciler: Reconciler, upload: Upload, bell: Bell
) -> None:
    upload()

    assert [reconciler.run_once(), reconciler.run_once()] == [1, 0]
    assert bell.rings == 1


def test_rings_for_a_few_at_a_time(reconciler: Reconciler, upload: Upload) -> None:
    for _ in range(RINGS + 2):
        upload()

    assert [reconciler.run_once(), reconciler.run_once()] == [RINGS, 2]


def test_rings_again_when_the_broker_is_back(
    reconciler: Reconciler, upload: Upload, bell: Bell
) -> None:
    upload()
    bell.is_away = True
    assert reconciler.run_once() == 0

    bell.is_away = False

    assert reconciler.run_once() == 1


def test_goes_on_when_the_catalogue_is_back(
    reconciler: Reconciler, upload: Upload, locked: Locked
) -> None:
    upload()
    with locked():
        assert reconciler.run_once() == 0
        assert reconciler.is_hindered

    assert reconciler.run_once() == 1
    assert not reconciler.is_hindered


def test_only_one_of_two_has_the_duty(
    reconciler: Reconciler, start: Callable[[str], Reconciler], upload: Upload
) -> None:
    other = start("other")
    other.run_once()
    upload()

    assert other.run_once() == 0
    assert reconciler.run_once() == 1


def test_a_worker_that_starts_rings_for_what_a_dead_one_was_rung_for(
    reconciler: Reconciler, start: Callable[[str], Reconciler], upload: Upload, stores: Stores
) -> None:
    stores.rings.note(upload().job.id)
    assert reconciler.run_once() == 0

    assert start("next").run_once() == 1


def test_mends_what_a_clock_that_was_set_back_has_left(
    start: Callable[[str], Reconciler], upload: Upload, stores: Stores
) -> None:
    upload()
    with stores.database.write() as connection:
        connection.execute(update(jobs).values(not_before=clock() + 3600))

    assert start("me").run_once() == 1

"""What a worker does beside Celery."""

from collections.abc import Iterator

import pytest

from data.orphans import Orphans
from data.settings import JobSettings
from data.stores import Stores
from tests.workers.conftest import Locked, Upload
from tests.workers.waiting import until
from workers.duties import Duties
from workers.reconcile import Reconciler
from workers.sweeping import Sweeper
from workers.watchdog import Watchdog


class Bell:
    """Answers."""

    def ring(self) -> None:
        pass

    def check(self) -> None:
        pass


@pytest.fixture
def duties(stores: Stores) -> Iterator[Duties]:
    """Of a worker whose Celery, which does not exist, is soon called deaf."""
    bell, orphans = Bell(), Orphans(stores.blobs, stores.documents)
    sweeper = Sweeper(orphans, stores.purges)
    reconciler = Reconciler(stores.rings, stores.presence, bell, sweeper, JobSettings(), "me")
    watchdog = Watchdog(stores.rings.is_idle, bell, "me", 0.2)
    duties = Duties(reconciler, watchdog, stores.presence, "me", 0.02)
    stores.presence.beat("me")
    stores.presence.stir("me")
    yield duties
    duties.stop()
    duties.join(20)


def test_a_worker_that_takes_nothing_is_found_deaf(duties: Duties, upload: Upload) -> None:
    upload()

    duties.start()

    until(lambda: duties.is_deaf)


def test_a_worker_that_can_take_nothing_is_not(
    duties: Duties, upload: Upload, locked: Locked, caplog: pytest.LogCaptureFixture
) -> None:
    upload()
    with locked():
        duties.start()
        until(lambda: caplog.messages.count("not reconciled") > 10)

        assert not duties.is_deaf


def test_a_worker_that_stops_is_forgotten_and_gives_up_its_duties(
    duties: Duties, stores: Stores
) -> None:
    duties.start()
    until(lambda: duties.are_ours)

    duties.stop()
    duties.join(20)

    assert not duties.go_on
    assert stores.presence.seconds_since_seen() == {}
    assert stores.presence.hold("reconcile", "other", 60)

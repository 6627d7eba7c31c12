"""What one ring makes a worker child do."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from data.errors import BrokerUnavailable
from data.records import Claim, JobKind, JobStage, JobState
from data.settings import Settings
from data.stores import Stores
from ingestion.slices import Slice
from tests.workers.conftest import Locked, Upload
from tests.workers.waiting import until
from workers.resources import Resources
from workers.stopping import Stopping
from workers.turn import take_turn


class Bell:
    """Counts, or finds no broker."""

    def __init__(self) -> None:
        self.rings = 0
        self.is_away = False

    def ring(self) -> None:
        if self.is_away:
            raise BrokerUnavailable
        self.rings += 1


class Pages:
    """Work of which each slice does one page of three."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self.claims: list[Claim] = []
        self.during: Callable[[], None] = lambda: None

    def run_slice(self, claim: Claim, bounds: Slice) -> bool:
        self.claims.append(claim)
        self.during()
        bounds.is_over()
        page = claim.cursor + 1
        self._stores.claims.checkpoint(claim, JobStage.PARSING, page, 3)
        return page < 3


@pytest.fixture
def stopping() -> Stopping:
    stopping = Stopping()
    stopping.share()
    return stopping


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def pages(stores: Stores) -> Pages:
    return Pages(stores)


@pytest.fixture
def held(settings: Settings, stores: Stores, pages: Pages, bell: Bell) -> Resources:
    return Resources(settings, stores, {JobKind.INGEST: pages.run_slice}, bell)


@pytest.fixture
def hasty(held: Resources, settings: Settings) -> Resources:
    """The same, when a slice takes longer than one should."""
    jobs = settings.jobs.model_copy(update={"seconds_per_slice": 1e-9})
    return replace(held, settings=settings.model_copy(update={"jobs": jobs}))


def test_a_slice_is_done_and_another_one_rung_for(
    hasty: Resources, upload: Upload, pages: Pages, bell: Bell, stopping: Stopping
) -> None:
    job = upload().job.id

    take_turn(hasty, "me", stopping)

    assert [claim.job_id for claim in pages.claims] == [job]
    assert bell.rings == 1
    assert hasty.stores.rings.due(10) == ()


def test_nobody_is_rung_for_a_job_that_is_done(
    hasty: Resources, upload: Upload, pages: Pages, bell: Bell, stopping: Stopping
) -> None:
    upload()

    for _ in range(3):
        take_turn(hasty, "me", stopping)

    assert len(pages.claims) == 3
    assert bell.rings == 2


def test_a_small_file_is_done_in_one_turn_before_the_next_one(
    held: Resources, upload: Upload, pages: Pages, bell: Bell, stopping: Stopping
) -> None:
    first = upload().job.id
    upload()

    take_turn(held, "me", stopping)

    assert [claim.job_id for claim in pages.claims] == [first] * 3
    assert bell.rings == 0


def test_a_ring_for_nothing_does_nothing(held: Resources, pages: Pages, stopping: Stopping) -> None:
    take_turn(held, "me", stopping)

    assert pages.claims == []


def test_nothing_is_begun_by_a_worker_that_stops(
    held: Resources, upload: Upload, pages: Pages, stopping: Stopping
) -> None:
    upload()
    stopping.ask_all()

    take_turn(held, "me", stopping)

    assert pages.claims == []
    assert held.stores.claims.claim() is not None


def test_a_worker_that_stops_leaves_the_ring_to_others(
    held: Resources, upload: Upload, pages: Pages, bell: Bell, stopping: Stopping
) -> None:
    job = upload().job.id
    pages.during = stopping.ask_all

    take_turn(held, "me", stopping)

    assert bell.rings == 0
    assert held.stores.rings.due(10) == (job,)


def test_a_bell_that_is_away_is_no_failure_of_the_slice(
    held: Resources, upload: Upload, bell: Bell, stopping: Stopping, workspace: str
) -> None:
    receipt = upload()
    bell.is_away = True

    take_turn(held, "me", stopping)

    job = held.stores.jobs.get(workspace, receipt.job.id)
    assert (job.state, job.attempts, job.error_message) == (JobState.RUNNING, 0, None)
    assert held.stores.rings.due(10) == (receipt.job.id,)
    assert held.stores.claims.claim() is not None


def test_a_catalogue_that_is_away_is_waited_for(
    hasty: Resources,
    upload: Upload,
    pages: Pages,
    stopping: Stopping,
    locked: Locked,
    caplog: pytest.LogCaptureFixture,
) -> None:
    upload()
    with locked():
        thread = threading.Thread(target=take_turn, args=(hasty, "me", stopping))
        thread.start()
        until(lambda: "nothing claimed" in caplog.messages)
    thread.join()

    assert len(pages.claims) == 1


def test_a_worker_that_stops_waits_for_no_catalogue(
    held: Resources,
    upload: Upload,
    pages: Pages,
    stopping: Stopping,
    locked: Locked,
    caplog: pytest.LogCaptureFixture,
) -> None:
    upload()
    with locked():
        thread = threading.Thread(target=take_turn, args=(held, "me", stopping))
        thread.start()
        until(lambda: "nothing claimed" in caplog.messages)
        stopping.ask_all()
        thread.join()

    assert pages.claims == []


def test_a_cancelled_slice_ends_where_it_is(
    held: Resources, upload: Upload, stopping: Stopping, workspace: str
) -> None:
    receipt = upload()
    stores = held.stores

    def until_it_ends(claim: Claim, bounds: Slice) -> bool:
        stores.interventions.cancel(workspace, claim.job_id)
        while True:
            bounds.check()

    take_turn(
        Resources(held.settings, stores, {JobKind.INGEST: until_it_ends}, held.doorbell),
        "me",
        stopping,
    )

    assert stores.jobs.get(workspace, receipt.job.id).state is JobState.CANCELLED

"""What keeps a claim, and what ends its slice."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from data.database import clock
from data.errors import ClaimLost
from data.records import Claim, JobState
from data.settings import JobSettings
from data.stores import Stores
from data.tables import jobs
from tests.workers.conftest import Locked
from tests.workers.waiting import until
from workers.heartbeat import Heartbeat
from workers.slices import RunningSlice
from workers.stopping import Stopping

QUICK = JobSettings(heartbeat_seconds=0.02)
HASTIER = JobSettings(heartbeat_seconds=0.02, stuck_seconds=0.2)
HASTY = JobSettings(heartbeat_seconds=0.02, stuck_seconds=0.5)


@pytest.fixture
def bounds() -> RunningSlice:
    return RunningSlice(600, Stopping())


@pytest.fixture
def is_held(stores: Stores, claim: Claim) -> Callable[[], bool]:
    lease = select(jobs.c.lease_until > clock()).where(jobs.c.id == claim.job_id)

    def is_held() -> bool:
        with stores.database.read() as connection:
            return bool(connection.execute(lease).scalar_one())

    return is_held


def let_lease_run_out(stores: Stores) -> None:
    with stores.database.write() as connection:
        connection.execute(update(jobs).values(lease_until=clock() - 1))


def is_lost(bounds: RunningSlice) -> bool:
    try:
        bounds.check()
    except ClaimLost:
        return True
    return False


def test_the_lease_is_extended(
    stores: Stores, claim: Claim, bounds: RunningSlice, is_held: Callable[[], bool]
) -> None:
    let_lease_run_out(stores)

    with Heartbeat(stores.claims, claim, bounds, QUICK):
        until(is_held)


def test_a_cancelled_slice_hears_of_it(
    stores: Stores, claim: Claim, bounds: RunningSlice, workspace: str
) -> None:
    with Heartbeat(stores.claims, claim, bounds, QUICK):
        stores.interventions.cancel(workspace, claim.job_id)

        until(lambda: is_lost(bounds))


def test_a_slice_hears_of_it_long_before_the_next_beat(
    stores: Stores, claim: Claim, bounds: RunningSlice, workspace: str
) -> None:
    with Heartbeat(stores.claims, claim, bounds, JobSettings(heartbeat_seconds=600)):
        stores.interventions.cancel(workspace, claim.job_id)

        until(lambda: is_lost(bounds))


def test_a_slice_whose_job_another_worker_took_hears_of_it(
    stores: Stores, claim: Claim, bounds: RunningSlice
) -> None:
    let_lease_run_out(stores)
    assert stores.claims.claim("another")

    with Heartbeat(stores.claims, claim, bounds, QUICK):
        until(lambda: is_lost(bounds))


def test_a_catalogue_that_is_away_for_a_while_ends_nothing(
    stores: Stores,
    claim: Claim,
    bounds: RunningSlice,
    is_held: Callable[[], bool],
    locked: Locked,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Heartbeat(stores.claims, claim, bounds, QUICK):
        with locked():
            until(lambda: "heartbeat missed" in caplog.messages)
        let_lease_run_out(stores)

        until(is_held)

    bounds.check()


class TestAStuckSlice:
    def test_ends_its_process_after_an_attempt_that_has_a_reason(
        self, stores: Stores, claim: Claim, bounds: RunningSlice, workspace: str
    ) -> None:
        ended: list[bool] = []

        with Heartbeat(stores.claims, claim, bounds, HASTY, lambda: ended.append(True)):
            until(lambda: ended)

        job = stores.jobs.get(workspace, claim.job_id)
        assert (job.state, job.attempts) == (JobState.RUNNING, 1)
        assert job.error_message == "It got no further for 0.5 seconds."
        with pytest.raises(ClaimLost):
            stores.claims.extend(claim)

    def test_ends_its_process_also_when_its_claim_is_lost(
        self, stores: Stores, claim: Claim, bounds: RunningSlice, workspace: str
    ) -> None:
        stores.interventions.cancel(workspace, claim.job_id)
        ended: list[bool] = []

        with Heartbeat(stores.claims, claim, bounds, HASTY, lambda: ended.append(True)):
            until(lambda: ended)

        assert stores.jobs.get(workspace, claim.job_id).state is JobState.CANCELLED

    def test_is_none_that_gets_on(self, stores: Stores, claim: Claim, bounds: RunningSlice) -> None:
        stuck, getting_on = RunningSlice(600, Stopping()), bounds
        stuck_ended: list[bool] = []
        ended: list[bool] = []

        with (
            Heartbeat(stores.claims, claim, stuck, HASTY, lambda: stuck_ended.append(True)),
            Heartbeat(stores.claims, claim, getting_on, HASTIER, lambda: ended.append(True)),
        ):
            while not stuck_ended:
                getting_on.steps += 1
                time.sleep(0.005)

        assert ended == []

"""What a slice raises becomes the job's state."""

import errno
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event, text, update

from data.database import clock
from data.errors import ClaimLost, IndexUnavailable, ShuttingDown
from data.file_errors import NoTextFound
from data.records import Claim, Job, JobState
from data.settings import Settings
from data.setup_errors import FingerprintMismatch
from data.stores import Stores, open_stores
from data.tables import jobs
from tests.workers.conftest import Locked
from tests.workers.waiting import until
from workers.recording import recorded
from workers.stopping import Stopping


class StoppingForLong(Stopping):
    """A worker that should have ended by now."""

    @property
    def seconds(self) -> float:
        return 60.0


@pytest.fixture
def stopping() -> Stopping:
    stopping = Stopping()
    stopping.share()
    return stopping


@pytest.fixture
def job(stores: Stores, workspace: str, claim: Claim) -> Callable[[], Job]:
    return lambda: stores.jobs.get(workspace, claim.job_id)


def end_waiting(stores: Stores) -> None:
    with stores.database.write() as connection:
        connection.execute(update(jobs).values(not_before=0))


@pytest.mark.parametrize(
    "outage",
    [IndexUnavailable(), FingerprintMismatch(), OSError(errno.ENOSPC, "No space left on device")],
    ids=lambda error: type(error).__name__,
)
def test_an_outage_is_a_wait_and_no_attempt(
    stores: Stores, claim: Claim, job: Callable[[], Job], stopping: Stopping, outage: Exception
) -> None:
    with recorded(stores.claims, claim, stopping):
        raise outage

    assert (job().state, job().attempts) == (JobState.RUNNING, 0)
    assert stores.claims.claim() is None


def test_a_bad_file_ends_the_job_with_its_code(
    stores: Stores, claim: Claim, job: Callable[[], Job], workspace: str, stopping: Stopping
) -> None:
    with recorded(stores.claims, claim, stopping):
        raise NoTextFound

    assert (job().state, job().error_code) == (JobState.FAILED, "no_text_found")
    assert stores.documents.get(workspace, claim.document_id).state == "failed"


@pytest.mark.parametrize("defect", [ZeroDivisionError(), FileNotFoundError(errno.ENOENT, "gone")])
def test_a_defect_is_another_attempt_that_keeps_its_reason(
    stores: Stores, claim: Claim, job: Callable[[], Job], stopping: Stopping, defect: Exception
) -> None:
    with recorded(stores.claims, claim, stopping):
        raise defect

    assert (job().state, job().attempts) == (JobState.RUNNING, 1)
    assert job().error_message == f"{type(defect).__name__} while it was being indexed."


class TestALostClaim:
    def test_is_silent_and_changes_nothing(
        self, stores: Stores, claim: Claim, job: Callable[[], Job], stopping: Stopping
    ) -> None:
        with recorded(stores.claims, claim, stopping):
            raise ClaimLost

        assert job().state is JobState.RUNNING
        assert stores.claims.claim() is None

    def test_records_no_failure(
        self,
        stores: Stores,
        claim: Claim,
        job: Callable[[], Job],
        stopping: Stopping,
        workspace: str,
    ) -> None:
        stores.catalogue.delete_document(workspace, claim.document_id)

        with recorded(stores.claims, claim, stopping):
            raise NoTextFound

        assert job().state is JobState.CANCELLED

    def test_of_a_cancelled_job_lets_a_retry_begin_at_once(
        self, stores: Stores, claim: Claim, stopping: Stopping, workspace: str
    ) -> None:
        stores.interventions.cancel(workspace, claim.job_id)
        stores.interventions.retry(workspace, claim.job_id)
        assert stores.claims.claim() is None

        with recorded(stores.claims, claim, stopping):
            raise ClaimLost

        again = stores.claims.claim()
        assert again is not None
        assert again.token == claim.token + 1


class TestAWorkerThatStops:
    def test_hands_back_what_it_had_not_begun(
        self, stores: Stores, claim: Claim, stopping: Stopping
    ) -> None:
        stopping.ask_all()

        with recorded(stores.claims, claim, stopping):
            raise ShuttingDown

        again = stores.claims.claim()
        assert again is not None
        assert (again.job_id, again.attempts) == (claim.job_id, 1)

    def test_does_not_wait_for_ever_for_the_catalogue(
        self, stores: Stores, claim: Claim, job: Callable[[], Job], locked: Locked
    ) -> None:
        with locked(), recorded(stores.claims, claim, StoppingForLong()):
            raise ShuttingDown

        assert job().attempts == 1


def test_a_slice_that_was_over_before_its_first_page_is_an_attempt(
    stores: Stores, claim: Claim, job: Callable[[], Job], stopping: Stopping
) -> None:
    with recorded(stores.claims, claim, stopping):
        raise ShuttingDown

    assert (job().attempts, stores.claims.claim()) == (1, None)


class TestWithoutTheCatalogue:
    def record(self, stores: Stores, claim: Claim) -> threading.Thread:
        """Record an outage, in a thread."""

        def record() -> None:
            with recorded(stores.claims, claim, Stopping()):
                # Longer than what is free on the catalogue's pages.
                raise IndexUnavailable("Away. " * 4000)

        thread = threading.Thread(target=record)
        thread.start()
        return thread

    def test_an_outage_is_recorded_when_it_is_back(
        self,
        stores: Stores,
        claim: Claim,
        job: Callable[[], Job],
        locked: Locked,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        for _ in range(3):
            caplog.clear()
            with locked():
                thread = self.record(stores, claim)
                until(lambda: "not recorded yet" in caplog.messages)
            thread.join()
            assert job().attempts == 0
            end_waiting(stores)
            taken = stores.claims.claim("me")
            assert taken is not None
            claim = taken

    def test_nothing_is_recorded_when_the_job_was_taken_meanwhile(
        self,
        stores: Stores,
        claim: Claim,
        job: Callable[[], Job],
        locked: Locked,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        with stores.database.write() as connection:
            connection.execute(update(jobs).values(lease_until=clock() - 1))
        assert stores.claims.claim("another")
        with locked():
            thread = self.record(stores, claim)
            until(lambda: "not recorded yet" in caplog.messages)
        thread.join()

        assert (job().attempts, job().error_message) == (2, None)

    @pytest.mark.parametrize("pragma", ["query_only = ON", "max_page_count = 1"])
    def test_a_disk_that_takes_no_write_is_waited_for(
        self,
        settings: Settings,
        stores: Stores,
        claim: Claim,
        job: Callable[[], Job],
        caplog: pytest.LogCaptureFixture,
        pragma: str,
    ) -> None:
        with open_stores(settings) as unwritable:
            engine = unwritable.database.engine

            def forbid(connection: object, *_: object) -> None:
                cursor = connection.cursor()  # type: ignore[attr-defined]
                cursor.execute(f"PRAGMA {pragma}")

            event.listen(engine, "connect", forbid)
            engine.dispose()
            thread = self.record(unwritable, claim)
            until(lambda: "not recorded yet" in caplog.messages)
            event.remove(engine, "connect", forbid)
            engine.dispose()
            thread.join()

        assert job().attempts == 0
        with stores.database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM jobs")).scalar_one() == 1

"""How long a job still takes: the columns are moved in these tests, not the clock."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from data.database import clock
from data.records import Claim, JobStage
from data.stores import Stores
from data.tables import jobs
from tests.contracts.corpus import Corpus


class TestEta:
    @pytest.fixture
    def running(self, corpus: Corpus) -> Claim:
        corpus.upload()
        return corpus.claim()

    @pytest.fixture
    def eta(self, stores: Stores, workspace: str) -> Callable[[Claim], float | None]:
        return lambda claim: stores.jobs.get(workspace, claim.job_id).eta_seconds

    def advance(self, stores: Stores, claim: Claim, **columns: object) -> None:
        with stores.database.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id == claim.job_id).values(**columns))

    def test_is_unknown_before_the_first_checkpoint(
        self, running: Claim, eta: Callable[[Claim], float | None]
    ) -> None:
        assert eta(running) is None

    def test_is_the_pace_of_the_stage_times_what_is_left(
        self, corpus: Corpus, stores: Stores, running: Claim, eta: Callable[[Claim], float | None]
    ) -> None:
        self.advance(stores, running, checkpoint_at=clock() - 20)
        stores.claims.checkpoint(running, JobStage.PARSING, 10, 110)
        parsing = eta(running)
        stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, 0, 110)
        unknown = eta(running)
        self.advance(stores, running, checkpoint_at=clock() - 5)
        stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, 10, 110)

        # 100 pages at 2 s, and 110 to be embedded at 0.06 s.
        assert parsing == pytest.approx(206.6, abs=2)
        assert unknown is None
        assert eta(running) == pytest.approx(50, abs=2)

    def test_counts_down_between_checkpoints_but_never_to_nothing(
        self, stores: Stores, running: Claim, eta: Callable[[Claim], float | None]
    ) -> None:
        moved = {"stage": JobStage.EMBEDDING, "cursor": 10, "total": 110, "pace": 1.0}
        found = []
        for seconds in (0, 30, 90, 125):
            self.advance(stores, running, **moved, checkpoint_at=clock() - seconds)
            found.append(eta(running))

        assert found == pytest.approx([100, 70, 50, 50], abs=2)

    def test_is_unknown_when_nothing_moves_for_much_longer_than_all_should_take(
        self, stores: Stores, running: Claim, eta: Callable[[Claim], float | None]
    ) -> None:
        moved = {"stage": JobStage.EMBEDDING, "cursor": 10, "total": 20, "pace": 1.0}
        self.advance(stores, running, **moved, checkpoint_at=clock() - 300)

        assert eta(running) is None

    def test_is_unknown_while_the_job_waits_and_when_it_is_over(
        self, stores: Stores, workspace: str, running: Claim, eta: Callable[[Claim], float | None]
    ) -> None:
        moved = {"stage": JobStage.EMBEDDING, "cursor": 1, "total": 9, "pace": 1.0}
        self.advance(stores, running, **moved)
        assert eta(running) is not None

        stores.claims.wait(running, "The index is away.")
        waiting = eta(running)
        stores.interventions.cancel(workspace, running.job_id)

        assert (waiting, eta(running)) == (None, None)

    def test_begins_anew_with_a_retry(
        self,
        corpus: Corpus,
        stores: Stores,
        workspace: str,
        running: Claim,
        eta: Callable[[Claim], float | None],
    ) -> None:
        stores.claims.checkpoint(running, JobStage.EMBEDDING, 10, 110)
        stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, 20, 110)
        assert eta(running) is not None
        stores.interventions.cancel(workspace, running.job_id)
        stores.interventions.retry(workspace, running.job_id)
        corpus.claim()
        assert eta(running) is None

        with stores.database.read() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == running.job_id)).one()
        assert (row.pace, row.cursor) == (None, 20)

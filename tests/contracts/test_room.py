"""A queue has a bound, for each workspace."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import event

from data.errors import QueueFull
from data.records import JobState
from data.settings import UploadSettings
from data.stores import Stores
from tests.contracts.corpus import Corpus

Reopen = Callable[..., AbstractContextManager[Stores]]


@pytest.fixture
def narrow(reopen: Reopen, workspace: str) -> Iterator[Corpus]:
    """A deployment in which two jobs may wait, or 100 bytes."""
    limits = UploadSettings(max_queued_jobs=2, max_queued_bytes=100)
    with reopen(uploads=limits) as stores:
        yield Corpus(stores, workspace)


class TestJobsThatWait:
    def test_are_bounded(self, narrow: Corpus) -> None:
        narrow.upload()
        narrow.upload()

        with pytest.raises(QueueFull) as refused:
            narrow.upload()

        assert refused.value.details == {"jobs": 2, "limit": 2}
        assert refused.value.retry_after_seconds > 0
        assert (
            len(narrow.stores.documents.newest(narrow.workspace, None, None, (), 9, None).items)
            == 2
        )
        with pytest.raises(QueueFull):
            narrow.stores.acceptance.require_room(narrow.workspace, 1)

    def test_make_room_when_they_are_done(self, narrow: Corpus) -> None:
        narrow.upload()
        narrow.upload()
        narrow.index(narrow.claim())

        assert narrow.upload().job.state is JobState.QUEUED

    def test_count_while_they_run(self, narrow: Corpus) -> None:
        narrow.upload()
        narrow.upload()
        narrow.claim()

        with pytest.raises(QueueFull):
            narrow.upload()

    def test_of_another_workspace_do_not_count(
        self, narrow: Corpus, new_workspace: Callable[[], str]
    ) -> None:
        narrow.upload()
        narrow.upload()

        assert narrow.upload(workspace=new_workspace()).job.state is JobState.QUEUED

    def test_that_remove_something_do_not_count(self, narrow: Corpus) -> None:
        for _ in range(3):
            document = narrow.upload().document
            narrow.stores.catalogue.delete_document(narrow.workspace, document.id)

        assert narrow.upload().job.state is JobState.QUEUED

    def test_take_the_place_of_an_older_version_s(self, narrow: Corpus) -> None:
        document_id = narrow.upload().document.id
        narrow.upload()

        narrow.stores.acceptance.require_room(narrow.workspace, 1, document_id)
        assert narrow.replace(document_id).job.state is JobState.QUEUED
        with pytest.raises(QueueFull):
            narrow.upload()

    def test_refuse_a_new_version_of_another_document(self, narrow: Corpus) -> None:
        ready = narrow.ready().document.id
        narrow.upload()
        narrow.upload()

        with pytest.raises(QueueFull):
            narrow.stores.acceptance.require_room(narrow.workspace, 1, ready)
        with pytest.raises(QueueFull):
            narrow.replace(ready)
        assert narrow.stores.documents.get(narrow.workspace, ready).version == 1


class TestBytesThatWait:
    def test_are_bounded(self, narrow: Corpus) -> None:
        narrow.upload("a" * 60)

        with pytest.raises(QueueFull) as refused:
            narrow.upload("b" * 41)

        assert refused.value.details == {"bytes": 60, "limit": 100}
        assert narrow.upload("c" * 40).job.state is JobState.QUEUED

    def test_of_a_lone_file_are_always_taken(self, narrow: Corpus) -> None:
        assert narrow.upload("a" * 500).job.state is JobState.QUEUED


class TestTheSameBytes:
    def test_are_not_refused(self, narrow: Corpus) -> None:
        first = narrow.upload("same")
        narrow.upload()

        assert narrow.upload("same").document == first.document
        assert narrow.replace(first.document.id, "same").duplicate

    def test_onto_a_failed_document_wait_for_room_too(self, narrow: Corpus) -> None:
        failed = narrow.upload("same")
        narrow.stores.claims.fail(narrow.claim(), "unreadable_file", "It is damaged.")
        narrow.upload()
        narrow.upload()

        with pytest.raises(QueueFull):
            narrow.upload("same")

        job = narrow.stores.jobs.get(narrow.workspace, failed.job.id)
        assert job.state is JobState.FAILED


def test_room_and_duplicates_are_found_without_reading_all_there_is(
    stores: Stores, workspace: str, backend: str
) -> None:
    if backend != "sqlite":
        pytest.skip("PostgreSQL plans by its statistics")
    statements: list[tuple[str, Any]] = []

    @event.listens_for(stores.database.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, sql: str, given: Any, *_rest: object) -> None:
        if sql.startswith("SELECT"):
            statements.append((sql, given))

    stores.acceptance.require_room(workspace, 1)
    stores.acceptance.find(workspace, "default", "0" * 64)
    event.remove(stores.database.engine, "before_cursor_execute", note)
    with stores.database.read() as connection:
        plans = [
            row[3]
            for sql, given in statements
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
        ]

    for index in ("ix_jobs_open", "uq_documents_live_bytes", "ix_versions_sha256"):
        assert any(index in plan for plan in plans)
    assert not [plan for plan in plans if plan.startswith("SCAN")]

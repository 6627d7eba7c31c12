"""What a slice raises becomes the job's state."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.acceptance import new_document_id
from data.errors import ClaimLost, IndexUnavailable
from data.file_errors import NoTextFound
from data.records import Claim, JobState, StagedFile, UploadFields
from data.settings import Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from workers.recording import recorded


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    settings = Settings(home=tmp_path)
    prepare(settings)
    with open_stores(settings) as opened:
        yield opened


@pytest.fixture
def workspace(stores: Stores, tmp_path: Path) -> str:
    key = stores.keys.find((tmp_path / "admin.key").read_text().strip())
    assert key is not None
    return key.workspace


@pytest.fixture
def claim(stores: Stores, workspace: str) -> Claim:
    file = StagedFile("staged", 10, "ab" * 32, "application/pdf")
    stores.acceptance.accept(workspace, new_document_id(), UploadFields("a.pdf"), file, None)
    claimed = stores.claims.claim()
    assert claimed is not None
    return claimed


def test_an_outage_is_a_wait_and_no_attempt(stores: Stores, claim: Claim, workspace: str) -> None:
    with recorded(stores.claims, claim):
        raise IndexUnavailable

    job = stores.jobs.get(workspace, claim.job_id)
    assert (job.state, job.attempts) == (JobState.RUNNING, 0)
    assert stores.claims.claim() is None


def test_a_bad_file_ends_the_job_with_its_code(
    stores: Stores, claim: Claim, workspace: str
) -> None:
    with recorded(stores.claims, claim):
        raise NoTextFound

    job = stores.jobs.get(workspace, claim.job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, "no_text_found")
    assert stores.documents.get(workspace, claim.document_id).state == "failed"


def test_a_defect_is_another_attempt_that_keeps_its_reason(
    stores: Stores, claim: Claim, workspace: str
) -> None:
    with recorded(stores.claims, claim):
        raise ZeroDivisionError

    job = stores.jobs.get(workspace, claim.job_id)
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    assert job.error_message == "ZeroDivisionError while it was being indexed."


def test_a_lost_claim_is_silent_and_changes_nothing(
    stores: Stores, claim: Claim, workspace: str
) -> None:
    with recorded(stores.claims, claim):
        raise ClaimLost

    assert stores.jobs.get(workspace, claim.job_id).state is JobState.RUNNING


def test_a_failure_of_one_that_lost_its_claim_is_not_recorded(
    stores: Stores, claim: Claim, workspace: str
) -> None:
    stores.catalogue.delete_document(workspace, claim.document_id)

    with recorded(stores.claims, claim):
        raise NoTextFound

    assert stores.jobs.get(workspace, claim.job_id).state is JobState.CANCELLED

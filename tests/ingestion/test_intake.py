"""An upload is on the disk before the catalogue knows of it, and forgotten when it must not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.acceptance import Acceptance
from data.errors import CatalogueUnavailable, CommitUncertain, Conflict
from data.interventions import Seal
from data.records import JobState, Receipt, StagedFile, UploadFields
from data.settings import Settings
from data.setup import prepare
from data.stores import Stores, open_stores
from ingestion.intake import Intake


class LosingAcceptance(Acceptance):
    """Records what it is told, and then its answer is lost; or does nothing and says so."""

    error: CatalogueUnavailable = CommitUncertain()

    def accept(
        self,
        workspace: str,
        document_id: str,
        fields: UploadFields,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        if isinstance(self.error, CommitUncertain):
            super().accept(workspace, document_id, fields, file, seal)
        raise self.error

    def replace(
        self,
        workspace: str,
        document_id: str,
        version: int,
        filename: str,
        file: StagedFile,
        seal: Seal | None,
    ) -> Receipt:
        if isinstance(self.error, CommitUncertain):
            super().replace(workspace, document_id, version, filename, file, seal)
        raise self.error


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    settings = Settings(home=tmp_path)
    prepare(settings)
    with open_stores(settings) as opened:
        yield opened


@pytest.fixture
def workspace(stores: Stores) -> str:
    return stores.libraries.every()[0].workspace


@pytest.fixture
def intake(stores: Stores) -> Intake:
    return Intake(stores.acceptance, stores.blobs, stores.secrets, stores.rings, lambda: None)


@pytest.fixture
def losing(stores: Stores) -> LosingAcceptance:
    return LosingAcceptance(stores.database, Settings().uploads)


@pytest.fixture
def unlucky(stores: Stores, losing: LosingAcceptance) -> Intake:
    return Intake(losing, stores.blobs, stores.secrets, stores.rings, lambda: None)


def staged(stores: Stores, content: bytes) -> StagedFile:
    staging = stores.blobs.stage()
    staging.write(content)
    return StagedFile(staging.name, len(content), staging.finish(), "application/pdf")


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every kept file by its document and version."""
    return {
        "/".join(path.parts[-2:]): path.read_bytes()
        for path in (folder / "blobs").rglob("*")
        if path.is_file() and ".staging" not in path.parts
    }


FIELDS = UploadFields("a.pdf")


class TestAnAnswerThatWasLost:
    def test_keeps_the_file_of_what_may_have_been_accepted(
        self, unlucky: Intake, intake: Intake, stores: Stores, workspace: str, tmp_path: Path
    ) -> None:
        with pytest.raises(CommitUncertain):
            unlucky.accept(workspace, FIELDS, staged(stores, b"one"))
        assert list(files(tmp_path).values()) == [b"one"]

        again = intake.accept(workspace, FIELDS, staged(stores, b"one"))

        assert again.duplicate
        assert files(tmp_path) == {f"{again.document.id}/1": b"one"}

    def test_keeps_the_file_of_a_version_that_may_have_been_accepted(
        self, unlucky: Intake, intake: Intake, stores: Stores, workspace: str, tmp_path: Path
    ) -> None:
        document_id = intake.accept(workspace, FIELDS, staged(stores, b"one")).document.id
        with pytest.raises(CommitUncertain):
            unlucky.replace(workspace, document_id, FIELDS, staged(stores, b"two"))
        assert files(tmp_path)[f"{document_id}/2"] == b"two"

        again = intake.replace(workspace, document_id, FIELDS, staged(stores, b"two"))

        assert (again.duplicate, again.job.version, again.job.state) == (True, 2, JobState.QUEUED)
        assert files(tmp_path) == {
            f"{document_id}/1": b"one",
            f"{document_id}/2": b"two",
        }

    def test_is_not_taken_for_a_refusal(
        self,
        unlucky: Intake,
        losing: LosingAcceptance,
        intake: Intake,
        stores: Stores,
        workspace: str,
        tmp_path: Path,
    ) -> None:
        document_id = intake.accept(workspace, FIELDS, staged(stores, b"one")).document.id
        losing.error = CatalogueUnavailable()

        with pytest.raises(CatalogueUnavailable):
            unlucky.accept(workspace, FIELDS, staged(stores, b"two"))
        with pytest.raises(CatalogueUnavailable):
            unlucky.replace(workspace, document_id, FIELDS, staged(stores, b"two"))

        assert files(tmp_path) == {f"{document_id}/1": b"one"}


def test_two_versions_at_once_never_share_a_file(
    intake: Intake, stores: Stores, workspace: str, tmp_path: Path
) -> None:
    document_id = intake.accept(workspace, FIELDS, staged(stores, b"one")).document.id

    class Overtaken(Acceptance):
        """Another version is uploaded between the number and the file."""

        def replace(
            self,
            workspace: str,
            document_id: str,
            version: int,
            filename: str,
            file: StagedFile,
            seal: Seal | None,
        ) -> Receipt:
            intake.replace(workspace, document_id, FIELDS, staged(stores, b"fast"))
            return super().replace(workspace, document_id, version, filename, file, seal)

    overtaken = Overtaken(stores.database, Settings().uploads)
    slow = Intake(overtaken, stores.blobs, stores.secrets, stores.rings, lambda: None)
    with pytest.raises(Conflict):
        slow.replace(workspace, document_id, FIELDS, staged(stores, b"slow"))

    assert files(tmp_path) == {
        f"{document_id}/1": b"one",
        f"{document_id}/3": b"fast",
    }
    assert stores.documents.file(workspace, document_id, 3).bytes == len(b"fast")

"""An upload that is on disk becomes a document that will be indexed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from data.acceptance import Acceptance, new_document_id
from data.blobs import LocalBlobs
from data.errors import CommitUncertain, FootnoteError
from data.interventions import Seal
from data.records import Job, Place, Receipt, StagedFile, UploadFields
from data.rings import Rings
from data.secret_box import SecretBox

logger = logging.getLogger(__name__)


class Intake:
    """Accepts files: what it returned a receipt for is on the disk and in the catalogue."""

    def __init__(
        self,
        acceptance: Acceptance,
        blobs: LocalBlobs,
        secrets: SecretBox,
        rings: Rings,
        ring: Callable[[], None],
    ) -> None:
        self._acceptance = acceptance
        self._blobs = blobs
        self._secrets = secrets
        self._rings = rings
        self._ring = ring

    def accept(self, workspace: str, fields: UploadFields, staged: StagedFile) -> Receipt:
        """Keep a staged file, queue its indexing, and ring.

        The file is at its key before the catalogue knows of it: a crash between the two
        leaves an orphan, which is swept, and never a document without a file.
        """
        document_id = new_document_id()
        key = f"{workspace}/{document_id}/1"
        known = self._acceptance.find(workspace, fields.library, staged.sha256)
        with self._kept(staged, key, f"{workspace}/{document_id}"):
            if known and not self._blobs.has(there := f"{workspace}/{known[0]}/{known[1]}"):
                self._blobs.copy(key, there)
            receipt = self._acceptance.accept(
                workspace, document_id, fields, staged, self._seal(fields.password)
            )
        return self._done(receipt, f"{workspace}/{document_id}")

    def replace(
        self, workspace: str, document_id: str, fields: UploadFields, staged: StagedFile
    ) -> Receipt:
        """Keep a staged file as a document's next version, queue its indexing, and ring.

        Readers see the old version until the new one is complete.
        """
        place = self._acceptance.reserve(workspace, document_id, staged.sha256)
        key = f"{workspace}/{document_id}/{place.version}"
        if not place.is_known:
            with self._kept(staged, key, key):
                receipt = self._replaced(workspace, document_id, place, fields, staged)
            return self._done(receipt, key)
        if not self._blobs.has(key):
            self._blobs.keep(staged.name, key)
        return self._done(self._replaced(workspace, document_id, place, fields, staged))

    def _replaced(
        self,
        workspace: str,
        document_id: str,
        place: Place,
        fields: UploadFields,
        staged: StagedFile,
    ) -> Receipt:
        return self._acceptance.replace(
            workspace,
            document_id,
            place.version,
            fields.filename,
            staged,
            self._seal(fields.password),
        )

    def _seal(self, password: str | None) -> Seal | None:
        return partial(self._secrets.seal, password) if password else None

    @contextmanager
    def _kept(self, staged: StagedFile, key: str, place: str) -> Iterator[None]:
        """Have a file at its key while the catalogue is told; forget its place if that fails."""
        try:
            self._blobs.keep(staged.name, key)
            yield
        except CommitUncertain:  # the sweeper will know
            raise
        except BaseException:
            self._forget(place)
            raise

    def _done(self, receipt: Receipt, place: str = "") -> Receipt:
        """Ring for what was queued, and forget the file of a duplicate."""
        if receipt.duplicate and place:
            self._forget(place)
        if not receipt.duplicate or receipt.requeued:
            self._ring_for(receipt.job)
        return receipt

    def _ring_for(self, job: Job) -> None:
        """Ring. What can't be rung now is rung by the reconciler."""
        try:
            self._ring()
            self._rings.note(job.id)
        except FootnoteError as error:
            logger.warning("job not rung", extra={"job_id": job.id, "code": error.code})

    def _forget(self, place: str) -> None:
        """Remove a file that is nobody's. Orphans are swept: failing to is not the client's."""
        try:
            self._blobs.delete(place)
        except FootnoteError as error:
            logger.warning("orphan left", extra={"code": error.code})

"""An upload that is on disk becomes a document that will be indexed."""

import logging
from collections.abc import Callable
from functools import partial

from data.acceptance import Acceptance, new_document_id
from data.blobs import LocalBlobs
from data.errors import CatalogueUnavailable, FootnoteError, UnsupportedFile
from data.file_errors import EmptyFile
from data.records import Job, Receipt, StagedFile, UploadFields
from data.rings import Rings
from data.secret_box import SecretBox

logger = logging.getLogger(__name__)

PDF = "application/pdf"
# What readers of PDF accept: the mark may stand behind some foreign bytes.
HEAD_BYTES = 1024


def media_type_of(head: bytes) -> str:
    """Return a file's type by its first bytes; raises ``EmptyFile`` or ``UnsupportedFile``."""
    if not head:
        raise EmptyFile
    if b"%PDF-" in head[:HEAD_BYTES]:
        return PDF
    raise UnsupportedFile


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
        seal = partial(self._secrets.seal, fields.password) if fields.password else None
        try:
            self._blobs.keep(staged.name, key)
            receipt = self._acceptance.accept(workspace, document_id, fields, staged, seal)
        except CatalogueUnavailable:  # the commit may have happened: the sweeper will know
            raise
        except BaseException:
            self._forget(staged.name, f"{workspace}/{document_id}")
            raise
        if receipt.duplicate:
            self._forget(staged.name, f"{workspace}/{document_id}")
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

    def _forget(self, name: str, prefix: str) -> None:
        """Remove a file that is nobody's. Orphans are swept: failing to is not the client's."""
        try:
            self._blobs.discard(name)
            self._blobs.delete(prefix)
        except FootnoteError as error:
            logger.warning("orphan left", extra={"code": error.code})

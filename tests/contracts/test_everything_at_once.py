"""Uploads, claims, publishing, heartbeats, deletes and polls at the same time."""

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from data.contents import Profile
from data.errors import ClaimLost, DocumentNotFound, LibraryNotFound, Unavailable
from data.records import Claim, JobKind, JobStage
from data.stores import Stores
from tests.contracts.corpus import Corpus, Together
from tests.memory_vectors import MemoryVectors
from tests.slices import Counted
from workers.purging import Purger

SECONDS = 2.0
TEXTS = ("one", "two")


class Crowd:
    """What the processes of a deployment do to one catalogue, each part for a while."""

    def __init__(self, corpus: Corpus, stores: Stores, workspace: str) -> None:
        self._corpus = corpus
        self._stores = stores
        self._workspace = workspace
        self._end = time.monotonic() + SECONDS
        self._ids: list[str] = []
        self._claims: list[Claim] = []
        self._numbers = itertools.count()
        self._deleted = 0
        self.published = 0
        self._counting = threading.Lock()

    def repeat(self, step: Callable[[], None]) -> Callable[[], None]:
        """Return the step as one that is done again and again until the time is over."""

        def repeated() -> None:
            while time.monotonic() < self._end:
                step()
                time.sleep(0.002)

        return repeated

    def upload(self) -> None:
        """Send three documents, some for the second time, one into a library that goes away."""
        newest = self._stores.jobs.newest(self._workspace, None, None, 100, None).items
        if sum(not job.state.is_final for job in newest) > 5:
            return  # new jobs go before begun ones: none would ever be finished
        number = next(self._numbers)
        for content in (f"a {number}", f"a {number - 1}"):
            self._ids.append(self._corpus.upload(content).document.id)
        with suppress(LibraryNotFound):
            self._corpus.upload(library="brief")

    def work(self) -> None:
        """Do one slice of a job, as a worker does."""
        claim = self._stores.claims.claim()
        if claim is None:
            return
        self._claims.append(claim)
        with suppress(ClaimLost):
            self._slice(claim)

    def _slice(self, claim: Claim) -> None:
        stores = self._stores
        if claim.kind is JobKind.PURGE:
            self._purge(claim)
        elif claim.stage is None:
            if next(self._numbers) % 5 == 0:
                stores.claims.fail(claim, "unreadable_file", "Damaged.")
            else:
                self._corpus.parse(claim, TEXTS)
        elif claim.stage is JobStage.PARSING:
            stores.versions.write_profile(claim, Profile("Title"))
        elif claim.cursor < claim.total:
            stores.libraries.of_job(claim.library_id, "f" * 64)
            self._corpus.write_chunks(claim, TEXTS)
            stores.claims.checkpoint(claim, JobStage.EMBEDDING, claim.total, claim.total)
        else:
            stores.catalogue.publish(claim, 2, 2, ())
            with self._counting:
                self.published += 1

    def _purge(self, claim: Claim) -> None:
        try:
            Purger(self._stores, MemoryVectors()).run(claim, Counted(1))
        except Unavailable as reason:
            self._stores.claims.wait(claim, str(reason))

    def beat(self) -> None:
        """Extend leases, also of claims that are over, and fail some of them."""
        self._stores.presence.beat(threading.current_thread().name)
        self._stores.presence.hold("reconcile", threading.current_thread().name, 0.01)
        for claim in self._claims[-5:]:
            with suppress(ClaimLost):
                self._stores.claims.extend(claim)
        for job_id in self._stores.rings.due(20):
            self._stores.rings.note(job_id)

    def delete(self) -> None:
        """Delete every fourth document, and a library with what is in it."""
        if len(self._ids) < self._deleted + 4:
            return
        self._deleted += 4
        with suppress(DocumentNotFound):
            self._stores.catalogue.delete_document(self._workspace, self._ids[self._deleted - 1])
        with suppress(LibraryNotFound):
            self._stores.catalogue.delete_library(self._workspace, "brief")
        self._stores.libraries.create(self._workspace, "brief")

    def read(self) -> None:
        """Look at everything, as clients and the index do."""
        self._stores.jobs.changed_since(0)
        self._stores.catalogue.changes_after(0, 100)
        self._stores.documents.newest(self._workspace, None, None, (), 50, None)


def test_everything_at_once_raises_nothing_but_lost_claims(
    corpus: Corpus, stores: Stores, workspace: str, together: Together
) -> None:
    stores.libraries.create(workspace, "brief")
    crowd = Crowd(corpus, stores, workspace)
    steps = [crowd.upload, crowd.work, crowd.work, crowd.work, crowd.beat, crowd.delete, crowd.read]

    results = together(*[crowd.repeat(step) for step in steps])

    assert results == [None] * len(steps)
    assert crowd.published
    numbers = [change.sequence for change in stores.catalogue.changes_after(0, 10_000)]
    assert numbers == list(range(1, stores.catalogue.sequence() + 1))


def test_ends_of_jobs_and_deletes_of_their_documents_do_not_wait_for_each_other_in_a_circle(
    corpus: Corpus, stores: Stores, workspace: str, together: Together
) -> None:
    for number in range(12):
        document_id = corpus.upload().document.id
        publish = number % 2
        claim = corpus.embed(corpus.claim(), TEXTS) if publish else corpus.claim()

        def end(claim: Claim = claim, *, publish: int = publish) -> None:
            if publish:
                stores.catalogue.publish(claim, 2, 2, ())
            else:
                stores.claims.fail(claim, "unreadable_file", "Damaged.")

        def delete(document_id: str = document_id) -> None:
            stores.catalogue.delete_document(workspace, document_id)

        ended, deleted = together(end, delete)

        assert deleted is None
        assert ended is None or type(ended) is ClaimLost
        corpus.finish()

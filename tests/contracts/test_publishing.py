"""What readers see, and from when on."""

import threading

from sqlalchemy import select, update

from data.contents import Profile
from data.records import DocumentState, JobStage, JobState, PageWarning
from data.stores import Stores
from data.tables import documents
from tests.contracts.corpus import Corpus, begin_second_version, seen


class TestPublishing:
    def test_shows_everything_in_one_step(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        document_id = receipt.document.id
        claim = corpus.embed(corpus.claim(), ("one", "two"))

        assert seen(stores, workspace, document_id) == ()
        assert not stores.visibility.any_ready([receipt.document.library_id])
        before = stores.documents.get(workspace, document_id)
        assert (before.state, before.pages, before.chunks) == (DocumentState.INDEXING, 0, 0)

        warning = PageWarning("page_unreadable", "A page can't be read.", (2,))
        stores.catalogue.publish(claim, 2, 2, (warning,))

        assert [chunk.text for chunk in seen(stores, workspace, document_id)] == ["one", "two"]
        assert stores.visibility.any_ready([receipt.document.library_id])
        after = stores.documents.get(workspace, document_id)
        assert (after.state, after.pages, after.chunks) == (DocumentState.READY, 2, 2)
        assert after.warnings == (warning,)
        job = stores.jobs.get(workspace, receipt.job.id)
        assert (job.state, job.warnings, job.error_message) == (
            JobState.SUCCEEDED,
            (warning,),
            None,
        )
        assert stores.claims.claim() is None

    def test_never_lets_a_reader_see_half_of_it(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.embed(corpus.claim(), ("one", "two", "three"))
        counts: list[int] = []
        ready = threading.Event()

        def watch() -> None:
            while not counts or counts[-1] == 0:
                counts.append(len(seen(stores, workspace, receipt.document.id)))
                ready.set()

        reader = threading.Thread(target=watch)
        reader.start()
        ready.wait()
        stores.catalogue.publish(claim, 3, 3, ())
        reader.join(timeout=30)

        assert set(counts) == {0, 3}

    def test_replaces_a_version_in_one_step(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        claim = corpus.claim()
        corpus.index(claim, ("one", "two"))
        second = begin_second_version(stores, claim, corpus)
        assert {chunk.version for chunk in seen(stores, workspace, claim.document_id)} == {1}

        stores.catalogue.publish(second, 3, 3, ())

        assert {chunk.version for chunk in seen(stores, workspace, claim.document_id)} == {2}
        assert stores.documents.get(workspace, receipt.document.id).version == 2
        assert [
            (change.version, change.published) for change in stores.catalogue.changes_after(0, 10)
        ] == [(1, True), (1, False), (2, True)]

    def test_never_goes_back_to_a_lower_version(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.embed(corpus.claim(), ("one",))
        with stores.database.write() as connection:
            connection.execute(update(documents).values(published_version=2))

        stores.catalogue.publish(claim, 1, 1, ())

        with stores.database.read() as connection:
            assert connection.execute(select(documents.c.published_version)).scalar_one() == 2
        assert stores.catalogue.changes_after(0, 10) == ()
        assert stores.jobs.get(workspace, claim.job_id).state is JobState.SUCCEEDED

    def test_stays_when_the_next_version_fails(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        corpus.index(claim, ("one",))

        stores.claims.fail(begin_second_version(stores, claim, corpus), "no_text_found", "Blank.")

        document = stores.documents.get(workspace, claim.document_id)
        assert (document.state, document.version) == (DocumentState.READY, 1)
        assert [chunk.text for chunk in seen(stores, workspace, claim.document_id)] == ["one"]


class TestProgress:
    def test_never_goes_backwards_and_ends_at_the_total(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        receipt = corpus.upload()
        steps: list[tuple[int, int]] = []

        def look() -> None:
            job = stores.jobs.get(workspace, receipt.job.id)
            steps.append((job.done, job.total))

        for page in range(0, 71, 7):
            stores.claims.checkpoint(corpus.claim(), JobStage.PARSING, page, 70)
            look()
        stores.versions.write_profile(corpus.claim(), Profile("Title"))
        for page in range(0, 71, 7):
            look()
            stores.claims.checkpoint(corpus.claim(), JobStage.EMBEDDING, page, 70)
        look()
        stores.catalogue.publish(corpus.claim(), 70, 0, ())
        look()

        assert steps == sorted(steps)
        assert steps[-1] == (70, 70)

"""A collection is brought level with the catalogue, on both databases; Chroma is in memory."""

from functools import partial

import numpy as np
import pytest

from data.contents import Profile
from data.errors import IndexIncomplete
from data.levelling import Leveller
from data.records import Library
from data.stores import Stores
from tests.contracts.corpus import Corpus
from tests.memory_vectors import Meanwhile, MemoryVectors


@pytest.fixture
def library(stores: Stores) -> Library:
    library = stores.libraries.every()[0]
    return stores.libraries.of_job(library.id, "f" * 64)


@pytest.fixture
def vectors(library: Library) -> MemoryVectors:
    made = MemoryVectors()
    made.create(library.collection)
    return made


@pytest.fixture
def leveller(stores: Stores, vectors: MemoryVectors) -> Leveller:
    return Leveller(stores.holdings, vectors)


class TestHoldings:
    def test_gives_every_vector_of_the_library_once_however_small_the_steps(
        self, stores: Stores, corpus: Corpus, library: Library
    ) -> None:
        stores.libraries.create(corpus.workspace, "other")
        corpus.ready("elsewhere", library="other")
        texts = (("one", "two", "three"), tuple(f"text {n}" for n in range(12)), ("last",))
        documents = [corpus.ready(*some).document.id for some in texts]
        wanted = {
            f"{document}-1-{number}"
            for document, some in zip(documents, texts, strict=True)
            for number in range(len(some))
        }

        for limit in (1, 2, 5, 100):
            seen: list[str] = []
            while (found := stores.holdings.rows(library.id, seen[-1] if seen else "", limit))[0]:
                seen += found[0]
                assert len(found[0]) == len(found[1]) <= limit
            assert len(seen) == len(wanted)
            assert set(seen) == wanted

    def test_tells_known_from_readable(self, stores: Stores, corpus: Corpus) -> None:
        ready = corpus.ready("one", "two").document.id
        gone = corpus.ready("three").document.id
        stores.catalogue.delete_document(corpus.workspace, gone)
        ids = [f"{ready}-1-0", f"{ready}-1-1", f"{gone}-1-0", f"{ready}-2-0"]

        assert stores.holdings.known(ids) == set(ids[:3])
        assert stores.holdings.readable(ids) == set(ids[:2])
        assert stores.holdings.vectors_of(ids[2:])[0] == (ids[2],)

    def test_counts_what_is_published_and_what_is_stored(
        self, stores: Stores, corpus: Corpus, library: Library
    ) -> None:
        assert stores.holdings.published(library.id) == 0
        corpus.ready("one", "two")
        gone = corpus.ready("three").document.id
        stores.catalogue.delete_document(corpus.workspace, gone)

        assert stores.holdings.published(library.id) == 2
        assert stores.holdings.stored(library.id) == 3


class TestLevelling:
    def test_finds_what_is_missing_and_what_is_too_much_and_mends_both(
        self, corpus: Corpus, library: Library, leveller: Leveller, vectors: MemoryVectors
    ) -> None:
        document = corpus.ready("one", "two", "three").document.id
        ids = [f"{document}-1-{number}" for number in range(3)]
        vectors.upsert(library.collection, [ids[0], "doc-gone-1-0"], np.eye(2, 4, dtype=np.float32))

        assert list(leveller.missing(library, library.collection)) == [(ids[1], ids[2])]
        assert list(leveller.extra(library.collection)) == [("doc-gone-1-0",)]
        assert leveller.mend(library, library.collection) == 3

        assert vectors.held(library.collection, [*ids, "doc-gone-1-0"]) == set(ids)
        assert list(leveller.missing(library, library.collection)) == []
        assert leveller.mend(library, library.collection) == 0

    def test_stores_what_is_not_published_yet_without_calling_it_missing(
        self, corpus: Corpus, library: Library, leveller: Leveller, vectors: MemoryVectors
    ) -> None:
        corpus.upload()
        corpus.embed(corpus.claim(), ("one", "two"))

        assert list(leveller.missing(library, library.collection)) == []
        assert leveller.mend(library, library.collection) == 2
        assert vectors.count(library.collection) == 2

    def test_of_a_lost_collection_is_incomplete(
        self, corpus: Corpus, library: Library, leveller: Leveller, vectors: MemoryVectors
    ) -> None:
        corpus.ready("one")
        vectors.drop(library.collection)

        with pytest.raises(IndexIncomplete):
            leveller.mend(library, library.collection)

    def test_calls_nothing_missing_that_is_purged_meanwhile(
        self, stores: Stores, corpus: Corpus, library: Library, vectors: MemoryVectors
    ) -> None:
        for look in ("held 1", "held 2"):
            document = corpus.ready("one").document.id
            purging = Meanwhile(vectors, {look: partial(delete, stores, corpus, document)})

            assert (
                list(Leveller(stores.holdings, purging).missing(library, library.collection)) == []
            )
            corpus.finish()

    def test_leaves_no_vector_of_what_is_purged_while_it_is_stored(
        self, stores: Stores, corpus: Corpus, library: Library, vectors: MemoryVectors
    ) -> None:
        document = corpus.ready("one", "two").document.id
        kept = corpus.ready("three").document.id
        purging = Meanwhile(vectors, {"upsert 1": lambda: purge(stores, corpus, document)})

        assert Leveller(stores.holdings, purging).fill(library, library.collection, "")[1:] == (
            3,
            3,
        )

        assert vectors.ids(library.collection, 10, 0) == (f"{kept}-1-0",)

    def test_calls_nothing_too_much_that_a_purge_takes_meanwhile(
        self, stores: Stores, corpus: Corpus, library: Library, vectors: MemoryVectors
    ) -> None:
        document = corpus.ready("one").document.id
        Leveller(stores.holdings, vectors).mend(library, library.collection)

        def purged() -> None:
            vectors.delete(library.collection, [f"{document}-1-0"])
            purge(stores, corpus, document)

        purging = Meanwhile(vectors, {"ids 1": purged})

        assert list(Leveller(stores.holdings, purging).extra(library.collection)) == []

    def test_keeps_what_is_indexed_while_it_is_removed(
        self, stores: Stores, corpus: Corpus, library: Library, vectors: MemoryVectors
    ) -> None:
        corpus.upload()
        corpus.parse(corpus.claim(), ("one",))
        stores.versions.write_profile(corpus.claim(), Profile("Title"))
        writing = corpus.claim()
        chunk = f"{writing.document_id}-1-0"
        vectors.upsert(library.collection, [chunk], np.eye(1, 4, dtype=np.float32))
        indexing = Meanwhile(vectors, {"delete 1": lambda: corpus.write_chunks(writing, ("one",))})

        Leveller(stores.holdings, indexing).mend(library, library.collection)

        assert vectors.held(library.collection, [chunk]) == {chunk}


def delete(stores: Stores, corpus: Corpus, document: str) -> None:
    stores.catalogue.delete_document(corpus.workspace, document)


def purge(stores: Stores, corpus: Corpus, document: str) -> None:
    """Remove a document's rows, as a worker does after its vectors."""
    delete(stores, corpus, document)
    claim = corpus.claim()
    while ids := stores.chunks.some_ids(document, None):
        stores.chunks.remove(claim, ids)

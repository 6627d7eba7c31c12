"""Pages and chunks, as readers may see them."""

import pytest
from sqlalchemy import update

from data.database import clock
from data.errors import (
    PageNotFound,
    VersionGone,
)
from data.stores import Stores
from data.tables import versions
from tests.contracts.corpus import Corpus, begin_second_version

DAY = 24 * 3600


class TestPages:
    def test_are_read_with_their_text_and_boxes(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one", "two").document.id

        page = stores.documents.page(workspace, document_id, None, 2)

        assert (page.number, page.text, page.boxes) == (2, "two", b"boxes")
        assert stores.documents.pages(workspace, [(document_id, 1, 2)]) == {
            (document_id, 1, 2): page
        }

    def test_beyond_the_last_are_not_found(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one", "two").document.id

        with pytest.raises(PageNotFound):
            stores.documents.page(workspace, document_id, 1, 3)

    def test_of_a_version_that_is_not_complete_are_not_found(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.upload().document.id
        corpus.parse(corpus.claim(), ("one",))

        with pytest.raises(PageNotFound):
            stores.documents.page(workspace, document_id, 1, 1)
        assert stores.documents.pages(workspace, [(document_id, 1, 1)]) == {}

    def test_of_a_superseded_version_are_read_for_a_day_and_then_gone(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        corpus.upload()
        claim = corpus.claim()
        corpus.index(claim, ("old",))
        stores.catalogue.publish(begin_second_version(stores, claim, corpus), 3, 3, ())
        address = (claim.document_id, 1, 1)

        assert stores.documents.page(workspace, *address).text == "old"
        assert stores.documents.pages(workspace, [address])[address].text == "old"
        assert stores.documents.file(workspace, claim.document_id, 1).bytes == 16
        every = [(claim.document_id, number) for number in (1, 2, 3)]
        assert stores.documents.readable([*every, ("doc-nothing", 1)]) == set(every[:2])

        with stores.database.write() as connection:
            connection.execute(
                update(versions)
                .where(versions.c.version == 1)
                .values(superseded_at=clock() - DAY - 1)
            )
        with pytest.raises(VersionGone):
            stores.documents.page(workspace, *address)
        with pytest.raises(VersionGone):
            stores.documents.file(workspace, claim.document_id, 1)
        assert stores.documents.pages(workspace, [address]) == {}
        assert stores.documents.readable(every) == {every[1]}
        stores.catalogue.delete_document(workspace, claim.document_id)
        assert stores.documents.readable(every) == set()

    def test_of_a_version_that_never_was_are_gone(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        document_id = corpus.ready("one").document.id

        with pytest.raises(VersionGone):
            stores.documents.page(workspace, document_id, 7, 1)


class TestSelections:
    def test_of_no_version_hold_no_chunk(self, corpus: Corpus, stores: Stores) -> None:
        corpus.ready("one", "two")

        assert stores.visibility.count([]) == 0

    def test_of_thousands_of_versions_are_counted(self, corpus: Corpus, stores: Stores) -> None:
        document_id = corpus.ready("one", "two").document.id
        many = [(f"doc-{number}", 1) for number in range(12_000)]

        assert stores.visibility.count([*many, (document_id, 1)]) == 2

    def test_are_of_documents_that_carry_all_tags(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        both = corpus.ready("one", tags=("law", "tax")).document
        law = corpus.ready("two", tags=("law",)).document

        def found(*tags: str) -> set[str]:
            chosen = stores.visibility.selected(workspace, [both.library_id], [], tags)
            listed = stores.documents.newest(workspace, None, None, tags, 10, None).items
            assert {one for one, _ in chosen} == {document.id for document in listed}
            return {one for one, _ in chosen}

        assert found() == {both.id, law.id}
        assert found("law") == {both.id, law.id}
        assert found("law", "tax") == {both.id}
        assert found("tax", "none") == set()

    def test_have_the_vectors_row_by_row(self, corpus: Corpus, stores: Stores) -> None:
        document_id = corpus.ready("one", "two", "three").document.id

        ids, vectors = stores.visibility.vectors_of(document_id, 1)

        assert ids == tuple(f"{document_id}-1-{number}" for number in range(3))
        assert [row.argmax() for row in vectors] == [0, 1, 2]
        assert stores.visibility.vectors_of("doc-none", 1)[0] == ()

"""Named sets of documents, and the model that each was embedded with."""

from collections.abc import Callable

import pytest

from data.errors import LibraryExists, LibraryNotFound
from data.records import Library, Role
from data.setup_errors import FingerprintMismatch
from data.stores import Stores
from tests.contracts.corpus import Corpus, Together

FINGERPRINT = "0123456789abcdef" * 4


class TestALibrary:
    def test_has_a_name_once(self, stores: Stores, workspace: str) -> None:
        stores.libraries.create(workspace, "laws")

        with pytest.raises(LibraryExists):
            stores.libraries.create(workspace, "laws")

    def test_is_made_once_however_many_ask_at_once(
        self, stores: Stores, workspace: str, together: Together
    ) -> None:
        results = together(*[lambda: stores.libraries.create(workspace, "laws")] * 6)

        assert sorted(type(result) is Library for result in results) == [False] * 5 + [True]
        assert sum(type(result) is LibraryExists for result in results) == 5

    def test_is_found_by_name_in_the_order_asked(self, stores: Stores, workspace: str) -> None:
        stores.libraries.create(workspace, "laws")

        found = stores.libraries.named(workspace, ("laws", "default", "laws"))

        assert [library.name for library in found] == ["laws", "default"]
        with pytest.raises(LibraryNotFound):
            stores.libraries.named(workspace, ("default", "nowhere"))

    def test_takes_the_first_fingerprint_and_refuses_another(
        self, stores: Stores, workspace: str
    ) -> None:
        library = stores.libraries.create(workspace, "laws")
        assert stores.libraries.of_job(library.id).fingerprint == ""

        taken = stores.libraries.of_job(library.id, FINGERPRINT)

        assert taken.fingerprint == FINGERPRINT
        assert taken.collection == f"fn-{library.id}-01234567-1"
        assert stores.libraries.of_job(library.id, FINGERPRINT) == taken
        with pytest.raises(FingerprintMismatch):
            stores.libraries.of_job(library.id, "f" * 64)

    def test_is_known_to_its_jobs_after_it_was_deleted(
        self, stores: Stores, workspace: str
    ) -> None:
        library = stores.libraries.create(workspace, "laws")
        stores.catalogue.delete_library(workspace, "laws")

        assert stores.libraries.of_job(library.id).id == library.id
        assert library.id not in {one.id for one in stores.libraries.every()}

    def test_is_empty_when_even_the_purged_documents_are_gone(
        self, corpus: Corpus, stores: Stores, workspace: str
    ) -> None:
        library = stores.libraries.create(workspace, "laws")
        document_id = corpus.upload(library="laws").document.id
        stores.catalogue.delete_document(workspace, document_id)

        assert not stores.libraries.is_empty(library)
        corpus.purge()
        assert stores.libraries.is_empty(library)


class TestAKey:
    def test_is_found_by_its_text_only(self, stores: Stores) -> None:
        assert stores.keys.find("fn-not-a-key") is None
        assert stores.keys.find("") is None

    def test_says_whose_it_is(
        self, stores: Stores, workspace: str, admin_key: str, new_workspace: Callable[[], str]
    ) -> None:
        new_workspace()

        key = stores.keys.find(admin_key)

        assert key
        assert (key.workspace, key.role, key.name) == (workspace, Role.ADMIN, "first admin")

"""Nothing of a workspace is ever returned to another one."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from data.contents import StoredChunk
from data.errors import DocumentNotFound, FootnoteError, LibraryNotFound
from data.records import DocumentState, JobState, Receipt
from data.stores import Stores
from tests.contracts.corpus import Corpus


@dataclass(frozen=True)
class Side:
    """A workspace, and everything by which its things can be asked for."""

    workspace: str
    libraries: tuple[str, ...]
    library_ids: tuple[str, ...]
    document_ids: tuple[str, ...]
    job_ids: tuple[str, ...]
    cursors: tuple[str, ...]
    hits: tuple[StoredChunk, ...]


@pytest.fixture
def sides(
    stores: Stores, corpus: Corpus, workspace: str, new_workspace: Callable[[], str]
) -> tuple[Side, Side]:
    names = (workspace, new_workspace())
    indexed = {name: _indexed(stores, corpus, name) for name in names}
    mine, theirs = (_filled(stores, corpus, name, indexed[name]) for name in names)
    return mine, theirs


def _indexed(stores: Stores, corpus: Corpus, workspace: str) -> list[Receipt]:
    stores.libraries.create(workspace, "laws")
    return [
        corpus.ready("one", "two", workspace=workspace, library=library, tags=("tag",))
        for library in ("default", "laws", "laws")
    ]


def _filled(stores: Stores, corpus: Corpus, workspace: str, receipts: list[Receipt]) -> Side:
    receipts.append(corpus.upload(workspace=workspace, content=f"waits {workspace}"))
    gone = corpus.upload(workspace=workspace)
    stores.catalogue.delete_document(workspace, gone.document.id)
    libraries = stores.libraries.newest(workspace, 10, None).items
    ids = [receipt.document.id for receipt in receipts]
    chunk_ids = [one for document_id in ids for one in stores.chunks.some_ids(document_id, None)]
    cursors = (
        stores.documents.newest(workspace, None, None, (), 1, None).next_cursor,
        stores.jobs.newest(workspace, None, None, 2, None).next_cursor,
        stores.libraries.newest(workspace, 1, None).next_cursor,
    )
    library_ids = tuple(library.id for library in libraries)
    return Side(
        workspace,
        tuple(library.name for library in libraries),
        library_ids,
        (*ids, gone.document.id),
        tuple(receipt.job.id for receipt in receipts),
        tuple(cursor for cursor in cursors if cursor),
        tuple(stores.visibility.visible(workspace, chunk_ids, library_ids).values()),
    )


def _answers(stores: Stores, mine: Side, theirs: Side, draw: Callable[..., Any]) -> Iterator[Any]:
    """Give what every reading method answers to questions about things of both workspaces."""
    both = [mine, theirs]

    def some(name: str) -> tuple[Any, ...]:
        known = [one for side in both for one in getattr(side, name)]
        return tuple(draw(st.lists(st.sampled_from(known), max_size=6, unique=True)))

    def one(name: str) -> Any:
        return draw(st.sampled_from([one for side in both for one in getattr(side, name)]))

    me = mine.workspace
    cursor = draw(st.none() | st.sampled_from([*mine.cursors, *theirs.cursors]))
    library = draw(st.none() | st.sampled_from(mine.libraries))
    state = draw(st.none() | st.sampled_from(list(DocumentState)))
    document_id, version = one("document_ids"), draw(st.sampled_from([None, 1, 2]))
    tags = draw(st.sampled_from([(), ("tag",)]))
    addresses = [(one_id, 1, page) for one_id in some("document_ids") for page in (1, 2)]
    chunk_ids = [hit.id for hit in some("hits")]
    for ask in (
        lambda: stores.documents.get(me, document_id),
        lambda: stores.documents.newest(me, library, state, tags, 10, cursor).items,
        lambda: stores.documents.file(me, document_id, version),
        lambda: (document_id, stores.documents.page(me, document_id, version, 1)),
        lambda: stores.documents.pages(me, addresses),
        lambda: stores.jobs.get(me, one("job_ids")),
        lambda: stores.jobs.newest(me, None, None, 10, cursor).items,
        lambda: stores.jobs.newest(me, JobState.QUEUED, document_id, 10, cursor).items,
        lambda: stores.libraries.newest(me, 10, cursor).items,
        lambda: stores.libraries.named(me, mine.libraries),
        lambda: stores.visibility.visible(me, chunk_ids, some("library_ids")),
        lambda: stores.visibility.selected(me, some("library_ids"), (), tags),
        lambda: stores.visibility.selected(me, some("library_ids"), some("document_ids"), tags),
    ):
        with suppress(FootnoteError):
            yield ask()


@given(data=st.data())
@examples(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_method_returns_anything_of_another_workspace(
    stores: Stores, sides: tuple[Side, Side], data: st.DataObject
) -> None:
    mine, theirs = sides if data.draw(st.booleans()) else sides[::-1]
    foreign = {theirs.workspace, *theirs.library_ids, *theirs.document_ids, *theirs.job_ids}

    told = repr(list(_answers(stores, mine, theirs, data.draw)))

    assert not [identity for identity in foreign if identity in told]
    assert all(identity in told for identity in mine.library_ids)


def test_no_method_changes_anything_of_another_workspace(
    stores: Stores, sides: tuple[Side, Side]
) -> None:
    mine, theirs = sides
    stores.libraries.create(theirs.workspace, "theirs")

    with pytest.raises(DocumentNotFound):
        stores.catalogue.delete_document(mine.workspace, theirs.document_ids[0])
    with pytest.raises(LibraryNotFound):
        stores.catalogue.delete_library(mine.workspace, "theirs")

    assert stores.documents.get(theirs.workspace, theirs.document_ids[0])
    assert stores.libraries.named(theirs.workspace, ("theirs",))


def test_the_same_bytes_in_two_workspaces_are_two_documents(
    corpus: Corpus, new_workspace: Callable[[], str]
) -> None:
    mine, theirs = corpus.upload("same"), corpus.upload("same", workspace=new_workspace())

    assert not theirs.duplicate
    assert mine.document.id != theirs.document.id

"""What is remembered of chunks is what the catalogue says at the question's sequence."""

from collections.abc import AsyncIterator

import pytest

from data.stores import Stores
from retrieval.known import KnownChunks
from retrieval.lanes import Lane
from retrieval.targets import Target
from tests.contracts.corpus import Corpus


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    async with Lane("catalogue", 1, 100) as opened:
        yield opened


@pytest.fixture
def known(stores: Stores, lane: Lane) -> KnownChunks:
    return KnownChunks(stores.visibility, lane)


def target(stores: Stores, corpus: Corpus, *libraries: str) -> Target:
    """What a question that begins now may see."""
    return Target(
        corpus.workspace,
        stores.libraries.named(corpus.workspace, libraries or ("default",)),
        None,
        is_exact=False,
        sequence=stores.catalogue.sequence(),
    )


async def test_nothing_is_read_twice(known: KnownChunks, stores: Stores, corpus: Corpus) -> None:
    document = corpus.ready("whales sing", "whales dive").document.id
    ids = [f"{document}-1-0", f"{document}-1-1", f"{document}-1-2"]
    now = target(stores, corpus)
    first = await known.spots(now, ids), await known.chunks(now, ids)
    stores.database.close()

    again = await known.spots(now, ids), await known.chunks(now, ids)

    assert first == again
    assert list(first[1]) == ids[:2]
    assert {chunk.text for chunk in first[1].values()} == {"whales sing", "whales dive"}


async def test_what_was_deleted_is_gone_with_the_next_question(
    known: KnownChunks, stores: Stores, corpus: Corpus
) -> None:
    document = corpus.ready("whales sing").document.id
    ids = [f"{document}-1-0"]
    before = target(stores, corpus)
    await known.spots(before, ids)
    await known.chunks(before, ids)

    stores.catalogue.delete_document(corpus.workspace, document)

    now = target(stores, corpus)
    assert await known.spots(now, ids) == {}
    assert await known.chunks(now, ids) == {}


async def test_a_question_that_began_before_a_change_brings_nothing_old_back(
    known: KnownChunks, stores: Stores, corpus: Corpus
) -> None:
    document = corpus.ready("whales sing").document.id
    ids = [f"{document}-1-0"]
    before = target(stores, corpus)
    await known.spots(before, ids)
    stores.catalogue.delete_document(corpus.workspace, document)
    now = target(stores, corpus)
    await known.spots(now, ids)

    await known.spots(before, ids)
    await known.chunks(before, ids)

    assert await known.spots(now, ids) == {}
    assert await known.chunks(now, ids) == {}


async def test_a_library_that_is_not_asked_is_not_shown_but_kept_apart(
    known: KnownChunks, stores: Stores, corpus: Corpus
) -> None:
    stores.libraries.create(corpus.workspace, "other")
    document = corpus.ready("whales sing").document.id
    ids = [f"{document}-1-0"]

    assert await known.spots(target(stores, corpus, "other"), ids) == {}
    assert await known.chunks(target(stores, corpus, "other"), ids) == {}
    assert list(await known.spots(target(stores, corpus), ids)) == ids
    assert list(await known.chunks(target(stores, corpus), ids)) == ids
    assert await known.chunks(target(stores, corpus, "other"), ids) == {}


async def test_another_workspace_sees_nothing_of_it(
    known: KnownChunks, stores: Stores, corpus: Corpus
) -> None:
    document = corpus.ready("whales sing").document.id
    ids = [f"{document}-1-0"]
    mine = target(stores, corpus)
    await known.spots(mine, ids)
    await known.chunks(mine, ids)

    theirs = Target("elsewhere", mine.libraries, None, is_exact=False, sequence=mine.sequence)

    assert await known.spots(theirs, ids) == {}
    assert await known.chunks(theirs, ids) == {}

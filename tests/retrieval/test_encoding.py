"""Queries are encoded together, and once for a while."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from data.contents import Vectors
from data.errors import Unavailable
from data.settings import BatchingSettings
from retrieval.encoding import LONGEST_KNOWN, QueryEncoder


class Texts:
    """Encodes texts by their length, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.is_away = False

    async def encode(self, texts: Sequence[str]) -> Vectors:
        if self.is_away:
            raise Unavailable
        self.asked.append(list(texts))
        return np.array([[len(text), 1] for text in texts], np.float32).reshape(-1, 2)


@pytest.fixture
def texts() -> Texts:
    return Texts()


@pytest.fixture
def encoder(texts: Texts) -> QueryEncoder:
    return QueryEncoder(BatchingSettings(kept_vectors=2), texts.encode)


async def test_a_query_that_was_asked_lately_is_not_encoded_again(
    encoder: QueryEncoder, texts: Texts
) -> None:
    first, again = await encoder.encode("w", "four"), await encoder.encode("w", "four")

    assert first.vector.tolist() == again.vector.tolist() == [4, 1]
    assert (first.batch, again.batch) == (1, 0)
    assert texts.asked == [["four"]]


async def test_only_the_last_ones_are_remembered(encoder: QueryEncoder, texts: Texts) -> None:
    for query in ("a", "bb", "ccc", "a"):
        await encoder.encode("w", query)

    assert texts.asked == [["a"], ["bb"], ["ccc"], ["a"]]


async def test_nobody_learns_what_another_workspace_has_asked(
    encoder: QueryEncoder, texts: Texts
) -> None:
    first, other = await encoder.encode("w", "four"), await encoder.encode("other", "four")

    assert (first.batch, other.batch) == (1, 1)
    assert texts.asked == [["four"], ["four"]]


async def test_what_is_remembered_is_small(encoder: QueryEncoder, texts: Texts) -> None:
    await asyncio.gather(encoder.encode("w", "four"), encoder.encode_many(["a", "bb", "ccc"]))
    again = await encoder.encode("w", "four")
    long = "x" * (LONGEST_KNOWN + 1)
    await encoder.encode("w", long)
    await encoder.encode("w", long)

    assert again.batch == 0
    assert again.vector.base is None
    assert texts.asked == [["four", "a", "bb", "ccc"], [long], [long]]


async def test_a_failure_is_not_remembered(encoder: QueryEncoder, texts: Texts) -> None:
    texts.is_away = True
    with pytest.raises(Unavailable):
        await encoder.encode("w", "four")

    texts.is_away = False

    assert (await encoder.encode("w", "four")).vector.tolist() == [4, 1]


async def test_many_texts_are_rows_in_their_order(encoder: QueryEncoder) -> None:
    vectors = await encoder.encode_many(["ccc", "a", "bb"])

    assert vectors.tolist() == [[3, 1], [1, 1], [2, 1]]


async def test_its_check_fails_with_the_embedder(encoder: QueryEncoder, texts: Texts) -> None:
    await encoder.check()

    texts.is_away = True

    with pytest.raises(Unavailable):
        await encoder.check()

"""The second look at the first pages of a ranking."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from data.contents import Vectors
from data.errors import Overloaded
from data.settings import SearchSettings
from retrieval.fusion import Hit
from retrieval.queries import Query
from retrieval.second_look import SecondLook
from tests.retrieval.test_fusion import chunks

QUERY = Query.of("How high is the tower?")
ASKED = np.array([1, 0], np.float32)
SETTINGS = SearchSettings(second_look_pages=3, second_look_sentences=4, second_look_seconds=5)


class Encoder:
    """Finds texts that name the tower to be what was asked for; the rest is not."""

    def __init__(self) -> None:
        self.is_busy = False
        self.seconds = 0.0
        self.error: Exception | None = None
        self.asked: list[str] = []

    async def encode_many(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        return np.array([[1, 0] if "tower" in text else [0, 1] for text in texts], np.float32)


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


def hit(id_: str, score: float, text: str) -> Hit:
    return Hit(replace(chunks(id_)[id_], text=text), score, {})


HITS = [
    hit("a1-0", 0.9, "Ships pass the harbour every day. They carry much coal."),
    hit("a1-1", 0.8, "The tower is here too, on the same page as the ships."),
    hit("b2-0", 0.7, "Gulls cry over the pier at noon. The tower is ninety metres high."),
    hit("c3-0", 0.6, "The bridge is older than the town."),
    hit("d4-0", 0.5, "The tower comes too late to be looked at."),
]
NEAR = {one.chunk.id: 0.3 for one in HITS}


async def look(encoder: Encoder, settings: SearchSettings = SETTINGS) -> list[str]:
    found = await SecondLook(encoder, settings).reordered(HITS, QUERY, ASKED, NEAR)
    assert [one.score for one in found] == [0.9, 0.8, 0.7, 0.6, 0.5]
    return [one.chunk.id for one in found]


async def test_a_page_with_the_sentence_that_was_asked_for_comes_first(encoder: Encoder) -> None:
    assert await look(encoder) == ["b2-0", "a1-1", "a1-0", "c3-0", "d4-0"]


async def test_only_the_likeliest_sentences_are_encoded(encoder: Encoder) -> None:
    await look(encoder)

    assert len(encoder.asked) == 4
    assert "The tower is ninety metres high." in encoder.asked
    assert "The bridge is older than the town." in encoder.asked


async def test_nothing_changes_while_others_wait(encoder: Encoder) -> None:
    encoder.is_busy = True

    assert await look(encoder) == [one.chunk.id for one in HITS]
    assert not encoder.asked


async def test_nothing_changes_when_time_is_up(encoder: Encoder) -> None:
    encoder.seconds = 60

    brief = SETTINGS.model_copy(update={"second_look_seconds": 0.01})
    assert await look(encoder, brief) == [one.chunk.id for one in HITS]


async def test_nothing_changes_when_the_embedder_refuses(encoder: Encoder) -> None:
    encoder.error = Overloaded("busy")

    assert await look(encoder) == [one.chunk.id for one in HITS]


async def test_it_can_be_switched_off(encoder: Encoder) -> None:
    off = SETTINGS.model_copy(update={"second_look_pages": 0})

    assert await look(encoder, off) == [one.chunk.id for one in HITS]
    assert not encoder.asked


async def test_without_a_vector_of_the_query_there_is_nothing_to_compare(encoder: Encoder) -> None:
    found = await SecondLook(encoder, SETTINGS).reordered(HITS, QUERY, None, {})

    assert list(found) == HITS

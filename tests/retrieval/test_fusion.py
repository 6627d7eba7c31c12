"""What the legs found becomes one ranking."""

from collections.abc import Mapping

import pytest

from data.contents import StoredChunk
from data.settings import SearchSettings
from data.visibility import Spot
from retrieval.fusion import Signals, ranked

SETTINGS = SearchSettings(meaning_weight=0.7, page_weight=0.1, document_weight=0.2)


def chunks(*ids: str) -> dict[str, StoredChunk]:
    """Return chunks by ids such as "b2-1": the document b, its page 2, its chunk 1."""
    return {
        id_: StoredChunk(
            id=id_,
            document_id=id_[0],
            library_id="lib",
            library="default",
            version=1,
            filename="a.pdf",
            title=None,
            number=int(id_[3]),
            page=int(id_[1]),
            ranges=((0, 4),),
            section="",
            text="text",
        )
        for id_ in ids
    }


def spots(*ids: str) -> dict[str, Spot]:
    """Return chunks by ids such as "b2-1": the document b, its page 2, its chunk 1."""
    return {id_: Spot(id_[0], 1, int(id_[1]), None) for id_ in ids}


def signals(
    similarities: Mapping[str, float] | None = None,
    words: Mapping[str, float] | None = None,
    documents: Mapping[str, float] | None = None,
    pages: frozenset[int] = frozenset(),
) -> Signals:
    return Signals(similarities or {}, words or {}, documents or {}, pages)


def order(found: Signals, *ids: str) -> list[str]:
    return [id_ for id_, _ in ranked(spots(*ids), found, SETTINGS)]


def test_meaning_and_words_count_together() -> None:
    found = signals({"a1-0": 0.8, "b1-0": 0.6, "c1-0": 0.5}, {"b1-0": 9.0, "c1-0": 3.0})

    assert order(found, "a1-0", "b1-0", "c1-0") == ["b1-0", "a1-0", "c1-0"]
    best = ranked(spots("a1-0", "b1-0", "c1-0"), found, SETTINGS)[0]
    assert best[1] == pytest.approx(0.7 * 0.6 + 0.3 * 1 + 0.1 * 1)


def test_words_count_as_a_share_of_the_best_that_may_be_seen() -> None:
    found = signals({"a1-0": 0.5, "b1-0": 0.5}, {"a1-0": 1.0, "b1-0": 2.0, "hidden": 99.0})

    first, second = ranked(spots("a1-0", "b1-0"), found, SETTINGS)

    assert first[1] - second[1] == pytest.approx((0.3 + 0.1) / 2)


def test_a_page_with_more_of_the_words_comes_first() -> None:
    found = signals(words={"a1-0": 2.0, "b1-0": 2.0, "b1-1": 1.5})

    assert order(found, "a1-0", "b1-0", "b1-1")[0] == "b1-0"


def test_a_document_that_is_named_comes_first() -> None:
    found = signals({"a1-0": 0.5, "b1-0": 0.45}, documents={"b": 3.0, "a": 1.0})

    assert order(found, "a1-0", "b1-0") == ["b1-0", "a1-0"]


def test_a_page_that_is_named_comes_first() -> None:
    found = signals({"a1-0": 0.5, "a2-0": 0.45}, pages=frozenset({2}))

    assert order(found, "a1-0", "a2-0") == ["a2-0", "a1-0"]


def test_words_alone_decide_while_the_other_leg_is_away() -> None:
    found = signals(words={"a1-0": 1.0, "b1-0": 2.0})

    assert order(found, "a1-0", "b1-0") == ["b1-0", "a1-0"]


def test_equal_scores_keep_one_order() -> None:
    assert order(signals(), "b1-0", "a1-0") == order(signals(), "a1-0", "b1-0") == ["a1-0", "b1-0"]

"""Rankings are fused by reciprocal ranks."""

import pytest

from retrieval.fusion import fused


def test_what_two_legs_find_comes_before_what_one_finds() -> None:
    found = fused({"dense": ["a", "b", "c"], "lexical": ["b", "d"]}, k=60)

    assert [one.id for one in found] == ["b", "a", "d", "c"]
    assert found[0].ranks == {"dense": 2, "lexical": 1}
    assert found[0].score == pytest.approx(1 / 62 + 1 / 61)


def test_equal_scores_keep_one_order_whichever_leg_comes_first() -> None:
    one = fused({"dense": ["b"], "lexical": ["a"]}, k=60)
    other = fused({"lexical": ["a"], "dense": ["b"]}, k=60)

    assert [found.id for found in one] == [found.id for found in other] == ["a", "b"]


def test_nothing_ranked_is_nothing_found() -> None:
    assert fused({"dense": [], "lexical": []}, k=60) == []

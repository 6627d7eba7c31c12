"""Ranks count distinct units; answers are compared by their words."""

import pytest

from benchmarks.quality.metrics import hits, holds, normalised, rank_of
from benchmarks.quality.questions import sample


class TestRank:
    def test_counts_distinct_ones_in_order_of_appearance(self) -> None:
        assert rank_of(["a", "a", "b", "a", "c"], {"c"}) == 3

    def test_is_that_of_the_first_gold_one(self) -> None:
        assert rank_of(["a", "b", "c"], {"c", "b"}) == 2

    def test_is_nothing_where_no_gold_one_was_found(self) -> None:
        assert rank_of(["a", "b"], {"z"}) is None
        assert rank_of([], {"z"}) is None


class TestHits:
    def test_are_cut_at_each_rank(self) -> None:
        found = hits([1, 2, 4, 9, 30, None])

        assert {cut: one.value for cut, one in found.at.items()} == {
            1: pytest.approx(1 / 6),
            3: pytest.approx(2 / 6),
            5: pytest.approx(3 / 6),
            10: pytest.approx(4 / 6),
        }
        assert found.n == 6

    def test_have_a_reciprocal_rank_that_ends_at_ten(self) -> None:
        assert hits([1, 2, 10, 11, None]).mrr.value == pytest.approx((1 + 0.5 + 0.1) / 5)


class TestHolding:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("He came from the County of Devon.", "county of Devon"),
            ("In 1858, the lamp was lit.", "1858"),
            ("Net sales were $32,765 million.", "32765"),
            ("a range of 22–24 miles", "24 miles"),
            ("It cost 4.82 million.", "4.82 million"),
            ("The ﬁrst one", "first"),
            ("The author (a Norman) wrote it", "Norman"),
        ],
    )
    def test_forgives_case_marks_and_articles(self, text: str, answer: str) -> None:
        assert holds(text, [answer])

    @pytest.mark.parametrize(
        ("text", "answer"),
        [("the Normans came", "Norman"), ("in 1858", "185"), ("48.2 million", "4.82"), ("x", "—")],
    )
    def test_wants_whole_words(self, text: str, answer: str) -> None:
        assert not holds(text, [answer])

    def test_is_content_with_any_of_the_answers(self) -> None:
        assert holds("It was lit in 1839.", ["1840", "1839"])
        assert not holds("It was lit in 1839.", [])


def test_normalised_text_keeps_decimal_points_only() -> None:
    assert normalised("The U.S. paid 1,234.50, and more.") == "u s paid 1234.50 and more"


class TestSample:
    def test_is_spread_over_all_and_the_same_every_time(self) -> None:
        assert sample(range(10), 4) == [0, 2, 5, 7]
        assert sample(range(10), 4) == sample(range(10), 4)

    def test_is_everything_where_there_are_fewer(self) -> None:
        assert sample([1, 2], 4) == [1, 2]
        assert sample([1, 2], None) == [1, 2]

"""Intervals are the textbook's, and the same every time."""

import pytest

from benchmarks.quality.intervals import Estimate, mean, share


# Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "n", "interval"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (1, 29, (0.0061, 0.1718)),
        (0, 20, (0.0, 0.1611)),
    ],
)
def test_a_share_has_wilsons_interval(hits: int, n: int, interval: tuple[float, float]) -> None:
    found = share([True] * hits + [False] * (n - hits))

    assert found.value == pytest.approx(hits / n)
    assert (found.low, found.high) == pytest.approx(interval, abs=5e-5)
    assert found.n == n


def test_all_or_none_keep_an_interval_inside_nought_and_one() -> None:
    none, every = share([False] * 10), share([True] * 10)

    assert none.low == 0.0
    assert none.high == pytest.approx(0.2775, abs=1e-4)
    assert (every.low, every.high) == pytest.approx((1 - 0.2775, 1.0), abs=1e-4)


def test_more_questions_narrow_the_interval() -> None:
    few, many = share([True, False] * 10), share([True, False] * 500)

    assert many.high - many.low < (few.high - few.low) / 5


def test_of_nothing_nothing_is_known() -> None:
    assert share([]) == Estimate(0.0, 0.0, 1.0, 0)
    assert str(share([])) == "–"
    assert str(mean([])) == "–"


def test_a_mean_lies_in_its_interval_which_repeats_exactly() -> None:
    values = [1 / rank for rank in range(1, 60)]

    first, second = mean(values), mean(values)

    assert first == second
    assert first.value == pytest.approx(sum(values) / len(values))
    assert first.low < first.value < first.high


def test_a_bootstrap_of_many_shares_agrees_with_wilson() -> None:
    outcomes = [True] * 300 + [False] * 700

    resampled, exact = mean([float(one) for one in outcomes]), share(outcomes)

    assert (resampled.low, resampled.high) == pytest.approx((exact.low, exact.high), abs=0.01)


def test_what_is_always_the_same_has_no_width() -> None:
    found = mean([0.5] * 30)

    assert (found.low, found.high) == (0.5, 0.5)

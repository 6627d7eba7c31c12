"""Abstentions are counted both ways, and a threshold is chosen within a budget."""

import pytest

from benchmarks.quality.abstention import Case, abstaining, curve, separation, within


def cases(good: list[float], poor: list[float]) -> list[Case]:
    """Questions with so much evidence, of which those under 0.4 were abstained."""
    return [
        Case(answerable, evidence < 0.4, evidence)
        for answerable, each in ((True, good), (False, poor))
        for evidence in each
    ]


def test_right_and_wrong_abstentions_are_shares_of_their_own_questions() -> None:
    found = abstaining(cases(good=[0.9, 0.8, 0.3, 0.7], poor=[0.1, 0.2, 0.6]))

    assert found.rightly.value == pytest.approx(2 / 3)
    assert found.wrongly.value == pytest.approx(1 / 4)
    assert found.precision.value == pytest.approx(2 / 3)


class TestCurve:
    def test_abstains_what_has_less_than_the_threshold(self) -> None:
        points = curve(cases(good=[0.5, 0.9], poor=[0.1, 0.6]))

        assert [(one.threshold, one.rightly.value, one.wrongly.value) for one in points] == [
            (0.1, 0.0, 0.0),
            (0.5, 0.5, 0.0),
            (0.6, 0.5, 0.5),
            (0.9, 1.0, 0.5),
        ]

    def test_leaves_out_what_has_no_evidence(self) -> None:
        assert curve([Case(answerable=True, abstained=False)]) == []


class TestBudget:
    def test_gives_the_point_that_abstains_most_within_it(self) -> None:
        points = curve(cases(good=[0.5, 0.7, 0.8, 0.9], poor=[0.1, 0.6, 0.65, 0.95]))

        assert [one.threshold for one in (within(points, 0.0), within(points, 0.25)) if one] == [
            0.5,
            0.7,
        ]

    def test_gives_none_without_points(self) -> None:
        assert within([], 0.05) is None


def test_separation_is_the_share_of_pairs_in_the_right_order() -> None:
    assert separation(cases(good=[0.5, 0.9], poor=[0.1, 0.5])) == pytest.approx(3.5 / 4)
    assert separation(cases(good=[0.5], poor=[])) is None

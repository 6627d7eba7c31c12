"""Tables are shown to people, and written with every digit."""

import json

from benchmarks.quality.goals import GOALS, Goal
from benchmarks.quality.intervals import Estimate
from benchmarks.quality.report import Table

HALF = Estimate(0.5, 0.25, 0.75, 10)


def test_a_table_is_markdown_with_its_notes_below() -> None:
    table = Table("Hits", [{"what": "a|b", "hit@1": HALF, "n": 10}, {"what": "c"}], ["A note."])

    assert table.markdown().splitlines() == [
        "## Hits",
        "",
        "| what | hit@1 | n |",
        "| --- | --- | --- |",
        r"| a\|b | 0.50 (0.25–0.75) | 10 |",
        "| c | – | – |",
        "",
        "A note.",
    ]


def test_a_table_is_json_with_nothing_where_nothing_was_asked() -> None:
    rows = [{"hit@1": HALF, "of none": Estimate(0.0, 0.0, 1.0, 0)}]

    plain = json.loads(json.dumps(Table("Hits", rows).plain()))

    assert plain["rows"] == [
        {"hit@1": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 10}, "of none": None}
    ]


def test_a_goal_is_reached_from_its_own_side() -> None:
    least = Goal("hit@1", 0.5, lambda _: HALF)
    most = Goal("wrongly", 0.4, lambda _: HALF, at_most=True)

    assert (least.wanted, least.verdict(HALF)) == ("≥ 0.50", "yes")
    assert (most.wanted, most.verdict(HALF)) == ("≤ 0.40", "no")


def test_a_goal_has_no_figure_where_its_exam_was_not_taken() -> None:
    assert [goal.name for goal in GOALS if goal.figure({}) is not None] == []

"""Saying that the documents don't hold the answer: how often rightly, and how often wrongly."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.quality.intervals import Estimate, share
from benchmarks.quality.ours import Answer

BUDGETS = (0.01, 0.02, 0.05, 0.10, 0.20)


@dataclass(frozen=True, slots=True)
class Case:
    """A question that has an answer in the documents or not, and what was done."""

    answerable: bool
    abstained: bool
    evidence: float | None = None


@dataclass(frozen=True, slots=True)
class Abstaining:
    """Abstentions counted both ways."""

    rightly: Estimate
    wrongly: Estimate
    precision: Estimate


@dataclass(frozen=True, slots=True)
class Point:
    """What would be, if all with less evidence than the threshold were abstained."""

    threshold: float
    rightly: Estimate
    wrongly: Estimate


def cases_of(answers: Iterable[Answer]) -> list[Case]:
    """Return the cases; a question whose answer is in a picture is neither."""
    return [
        Case(one.question.answerable, one.abstained, one.evidence)
        for one in answers
        if not one.question.in_a_figure
    ]


def abstaining(cases: Collection[Case]) -> Abstaining:
    return Abstaining(
        rightly=share([case.abstained for case in cases if not case.answerable]),
        wrongly=share([case.abstained for case in cases if case.answerable]),
        precision=share([not case.answerable for case in cases if case.abstained]),
    )


def curve(cases: Collection[Case]) -> list[Point]:
    """Return a point for each threshold that changes anything; empty without evidence."""
    known = [(case.answerable, case.evidence) for case in cases if case.evidence is not None]
    thresholds = sorted({evidence for _, evidence in known})
    return [
        Point(
            threshold,
            rightly=share([e < threshold for answerable, e in known if not answerable]),
            wrongly=share([e < threshold for answerable, e in known if answerable]),
        )
        for threshold in thresholds
    ]


def within(points: Sequence[Point], budget: float) -> Point | None:
    """Return the point that abstains most while it is wrong at most so often."""
    return max(
        (point for point in points if point.wrongly.value <= budget),
        key=lambda point: (point.rightly.value, -point.wrongly.value, -point.threshold),
        default=None,
    )


def separation(cases: Collection[Case]) -> float | None:
    """Return how often an answerable question has more evidence than an unanswerable one."""
    good = [case.evidence for case in cases if case.evidence is not None and case.answerable]
    poor = [case.evidence for case in cases if case.evidence is not None and not case.answerable]
    if not good or not poor:
        return None
    pairs = sum((g > p) + 0.5 * (g == p) for g in good for p in poor)
    return pairs / (len(good) * len(poor))

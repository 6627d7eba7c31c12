"""What issue 4 wants to be reached, and how far it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.quality.abstention import Case, abstaining, cases_of, curve, within
from benchmarks.quality.exams import ALL, WITHIN
from benchmarks.quality.intervals import Estimate
from benchmarks.quality.metrics import hits
from benchmarks.quality.quoting import quoting
from benchmarks.quality.sitting import Sitting

Sittings = Mapping[str, Sitting]
WRONG_BUDGET = 0.05


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure and the value that it must reach, or must stay under."""

    name: str
    reach: float | None
    figure: Callable[[Sittings], Estimate | None]
    at_most: bool = False

    @property
    def wanted(self) -> str:
        if self.reach is None:
            return "–"
        return f"{'≤' if self.at_most else '≥'} {self.reach:.2f}"

    def verdict(self, found: Estimate) -> str:
        if self.reach is None:
            return "–"
        reached = found.value <= self.reach if self.at_most else found.value >= self.reach
        return "yes" if reached else "no"


def hit(
    exam: str, scope: str, cut: int, group: str | None = None
) -> Callable[..., Estimate | None]:
    def figure(sittings: Sittings) -> Estimate | None:
        ranks = sittings[exam].ranks_of(scope, group) if exam in sittings else []
        return hits(ranks).at[cut] if ranks else None

    return figure


def quoted(exam: str, scope: str) -> Callable[..., Estimate | None]:
    def figure(sittings: Sittings) -> Estimate | None:
        answers = sittings[exam].answers.get(scope) if exam in sittings else None
        return quoting(sittings[exam].exam, answers).holding if answers else None

    return figure


def abstained(*, rightly: bool) -> Callable[..., Estimate | None]:
    def figure(sittings: Sittings) -> Estimate | None:
        cases = pooled(sittings)
        if not cases:
            return None
        found = abstaining(cases)
        return found.rightly if rightly else found.wrongly

    return figure


def abstained_at_best(sittings: Sittings) -> Estimate | None:
    point = within(curve(pooled(sittings)), WRONG_BUDGET)
    return point.rightly if point else None


def pooled(sittings: Sittings) -> list[Case]:
    """Return the cases of squad, and of pdfqa within the document that each question means."""
    answers = [
        answer
        for exam, scope in (("squad", ALL), ("pdfqa", WITHIN))
        if exam in sittings
        for answer in sittings[exam].answers.get(scope, ())
    ]
    return cases_of(answers)


GOALS = (
    Goal("pdfqa, all documents: page hit@1", 0.35, hit("pdfqa", ALL, 1)),
    Goal("pdfqa, all documents: page hit@5", 0.62, hit("pdfqa", ALL, 5)),
    Goal("pdfqa, all documents: page hit@10", 0.75, hit("pdfqa", ALL, 10)),
    Goal("pdfqa, within the document: page hit@1", 0.45, hit("pdfqa", WITHIN, 1)),
    Goal("pdfqa, within the document: page hit@5", 0.80, hit("pdfqa", WITHIN, 5)),
    Goal("financebench, all documents: page hit@5", 0.50, hit("pdfqa", ALL, 5, "financebench")),
    Goal("squad: paragraph hit@1", 0.80, hit("squad", ALL, 1)),
    Goal("squad: paragraph hit@5", 0.94, hit("squad", ALL, 5)),
    Goal("squad: the quotes hold the answer", 0.75, quoted("squad", ALL)),
    Goal("squad + pdfqa: abstained, unanswerable", 0.40, abstained(rightly=True)),
    Goal("squad + pdfqa: abstained, answerable", 0.05, abstained(rightly=False), at_most=True),
    Goal("the same at the best threshold", None, abstained_at_best),
    Goal("own: page hit@1", None, hit("own", ALL, 1)),
    Goal("own: the quotes hold the answer", None, quoted("own", ALL)),
)

"""An exam that was taken: the rank of every question, and every answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.quality.exams import WITHIN, Exam
from benchmarks.quality.metrics import Rank, rank_of
from benchmarks.quality.ours import Answer, Place, Service, shown
from benchmarks.quality.questions import Question


@dataclass(slots=True)
class Sitting:
    """Results of one pipeline in one exam, by scope."""

    exam: Exam
    ranks: dict[str, dict[str, Rank]] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def ranks_of(self, scope: str, group: str | None = None) -> list[Rank]:
        """Return the ranks of a group's questions, or of all."""
        known = self.ranks.get(scope, {})
        return [
            known[question.id]
            for question in self.exam.questions
            if question.id in known and group in (None, question.group)
        ]


def searched(exam: Exam, scope: str) -> list[Question]:
    """Return the questions whose gold unit can be looked for in that scope."""
    return [
        question
        for question in exam.questions
        if question.answerable
        and not question.in_a_figure
        and (scope != WITHIN or question.document)
    ]


def asked(exam: Exam, scope: str) -> list[Question]:
    """Return the questions that are asked in that scope."""
    return [question for question in exam.questions if scope != WITHIN or question.document]


def sit(service: Service, exam: Exam) -> Sitting:
    """Take an exam: search for every question, then ask it."""
    sitting = Sitting(exam)
    for scope in exam.scopes:
        where = f"{exam.name}, {scope}"
        sitting.ranks[scope] = {
            question.id: ranked(exam, question, service.found(exam.library, question, scope))
            for question in shown(searched(exam, scope), f"{where}: searched")
        }
        if exam.asked:
            sitting.answers[scope] = [
                service.answer(exam.library, question, scope)
                for question in shown(asked(exam, scope), f"{where}: asked")
            ]
    return sitting


def ranked(exam: Exam, question: Question, places: Iterable[Place]) -> Rank:
    return rank_of((exam.unit_of(*place) for place in places), question.gold)


# What is written to the file for comparing two runs, question by question.
def ranks_by_question(sittings: Iterable[Sitting]) -> dict[str, dict[str, Rank]]:
    return {
        f"{sitting.exam.name}, {scope}": ranks
        for sitting in sittings
        for scope, ranks in sitting.ranks.items()
    }

"""One run: everything is indexed, every exam is taken, every quote is checked."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.asking import QUESTIONS
from benchmarks.quality.exams import Corpus, Exam
from benchmarks.quality.ours import Service
from benchmarks.quality.questions import Question, sample
from benchmarks.quality.quoting import flaws
from benchmarks.quality.sitting import Sitting, sit
from tests.running_stack import RunningStack

_ANSWER_SECONDS = 120.0
_TIMED = 100


@dataclass(slots=True)
class Run:
    """What one running stack gave."""

    indexed: dict[str, dict[str, Any]] = field(default_factory=dict)
    sittings: dict[str, Sitting] = field(default_factory=dict)
    sources_ms: list[float] = field(default_factory=list)
    citations: int = 0
    flaws: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(
    home: Path, corpora: Sequence[Corpus], exams: Sequence[Exam], environment: Mapping[str, str]
) -> Run:
    """Start the stack on a home, upload what it lacks, and take the exams."""
    started = time.monotonic()
    result = Run()
    with RunningStack(home, **environment) as stack, stack.client(_ANSWER_SECONDS) as client:
        service = Service(stack, client)
        for corpus in corpora:
            result.indexed[corpus.library] = service.index(corpus)
        # Before anything else is asked, so that nothing is remembered.
        result.sources_ms = _timed(service, exams)
        for exam in exams:
            sitting = result.sittings[exam.name] = sit(service, exam)
            answers = [one for scope in exam.scopes for one in sitting.answers.get(scope, [])]
            if answers:
                checked, found = flaws(service, answers, exam.name)
                result.citations += checked
                result.flaws += found
    result.seconds = time.monotonic() - started
    return result


def _timed(service: Service, exams: Sequence[Exam]) -> list[float]:
    """Return how long the sources of the first exam's questions take, after a warm-up."""
    exam = next(one for one in exams if one.asked)
    warm_up = [Question(str(n), text, "warm-up") for n, text in enumerate(QUESTIONS * 2)]
    service.sources_ms(exam.library, warm_up)
    return service.sources_ms(exam.library, sample(exam.questions, _TIMED))

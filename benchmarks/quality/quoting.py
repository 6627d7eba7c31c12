"""What answers quote: whether it is verbatim, whether it answers, and how much it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.quality.exams import Exam
from benchmarks.quality.intervals import Estimate, mean, share
from benchmarks.quality.metrics import holds
from benchmarks.quality.ours import Answer, Service, shown
from data.sentences import sentences_of


@dataclass(frozen=True, slots=True)
class Quoting:
    """How answers to answerable questions quote."""

    holding: Estimate
    on_gold: Estimate
    sentences: Estimate
    most_sentences: int


def quoting(exam: Exam, answers: Iterable[Answer]) -> Quoting:
    """Count the answers to answerable questions; an abstention quotes nothing and so misses."""
    asked = [a for a in answers if a.question.answerable and not a.question.in_a_figure]
    counts = [quoted_sentences(a.citations) for a in asked if a.citations]
    return Quoting(
        holding=share([quotes_answer(a) for a in asked if a.question.answers]),
        on_gold=share([cites_gold(exam, a) for a in asked]),
        sentences=mean(counts),
        most_sentences=max(counts, default=0),
    )


def told(exam: Exam, answers: Iterable[Answer]) -> dict[str, dict[str, Any]]:
    """Return what each answer was worth, by its question: for comparing two runs."""
    return {
        one.question.id: {
            "answerable": one.question.answerable,
            "abstained": one.abstained,
            "reason": one.body["reason"],
            "evidence": one.evidence,
            "holds": quotes_answer(one),
            "gold": cites_gold(exam, one),
            "sentences": quoted_sentences(one.citations),
        }
        for one in answers
    }


def quotes_answer(answer: Answer) -> bool:
    return any(holds(one["quote"], answer.question.answers) for one in answer.citations)


def cites_gold(exam: Exam, answer: Answer) -> bool:
    places = {exam.unit_of(one["filename"], one["page"]) for one in answer.citations}
    return bool(places & answer.question.gold)


def quoted_sentences(citations: Iterable[Mapping[str, Any]]) -> int:
    """Count the sentences of all quotes; one that is cited twice counts once."""
    quotes = {
        (one["document_id"], one["page"], one["start"], one["end"]): one["quote"]
        for one in citations
    }
    return sum(len(sentences_of(quote)) for quote in quotes.values())


def flaws(service: Service, answers: list[Answer], what: str) -> tuple[int, list[str]]:
    """Hold every citation against its page: how many there are, and what is wrong with some."""
    checked, found = 0, []
    for answer in shown(answers, f"{what}: quotes checked"):
        for one in answer.citations:
            text = service.page_text(one["document_id"], one["version"], one["page"])
            checked += 1
            flaw = flaw_of(one, text)
            if flaw:
                found.append(f"{answer.question.id}: {flaw}")
    return checked, found


def flaw_of(citation: Mapping[str, Any], page_text: str) -> str | None:
    """Return what is wrong with a citation, if anything is."""
    start, end, quote = citation["start"], citation["end"], citation["quote"]
    if not quote.strip():
        return "the quote is empty"
    if not 0 <= start < end or page_text[start:end] != quote:
        return f"page {citation['page']} has another text from {start} to {end}"
    if not citation["boxes"]:
        return "the quote has no boxes"
    if not all(0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1 for x0, y0, x1, y1 in citation["boxes"]):
        return "a box lies outside of the page"
    return None

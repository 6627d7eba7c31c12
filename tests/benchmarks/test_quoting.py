"""A citation is held against its page, character by character."""

from typing import Any

import pytest

from benchmarks.quality.exams import Exam
from benchmarks.quality.ours import Answer
from benchmarks.quality.questions import Question, page_unit
from benchmarks.quality.quoting import flaw_of, quoted_sentences, quoting

PAGE = "One light. Nine lights were lit. Ten."


def citation(start: int = 11, end: int = 32, **changed: object) -> dict[str, Any]:
    return {
        "document_id": "doc-1",
        "filename": "lights.pdf",
        "page": 2,
        "start": start,
        "end": end,
        "quote": PAGE[start:end],
        "boxes": [[0.1, 0.1, 0.5, 0.2]],
        **changed,
    }


class TestFlaw:
    def test_is_none_in_a_verbatim_quote(self) -> None:
        assert flaw_of(citation(), PAGE) is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"quote": "Nine lights were lit!"},
            {"quote": "Nine lights were lit"},
            {"quote": "", "start": 4, "end": 4},
            {"start": -26, "end": -5},
            {"boxes": []},
            {"boxes": [[0.1, 0.1, 1.2, 0.2]]},
            {"boxes": [[0.1, 0.3, 0.5, 0.2]]},
        ],
    )
    def test_is_told_of_anything_else(self, changed: dict[str, Any]) -> None:
        assert flaw_of(citation(**changed), PAGE)


def test_sentences_of_a_quote_cited_twice_count_once() -> None:
    assert quoted_sentences([citation(), citation()]) == 1
    assert quoted_sentences([citation(), citation(0, 32)]) == 3


class TestQuoting:
    def answer(self, gold_page: int, answers: tuple[str, ...], cited: bool) -> Answer:
        gold = frozenset([page_unit("lights.pdf", gold_page)])
        question = Question("q", "How many?", "text", gold, "lights.pdf", answers)
        return Answer(question, {"citations": [citation()] if cited else []})

    def test_counts_quotes_that_hold_the_answer_and_pages_that_are_gold(self) -> None:
        exam = Exam("own", "own", ())
        answers = [
            self.answer(2, ("nine",), cited=True),
            self.answer(3, ("nine",), cited=True),
            self.answer(2, ("ten",), cited=True),
            self.answer(2, ("nine",), cited=False),
        ]

        found = quoting(exam, answers)

        assert (found.holding.value, found.holding.n) == (0.5, 4)
        assert (found.on_gold.value, found.on_gold.n) == (0.5, 4)
        assert (found.sentences.value, found.most_sentences) == (1.0, 1)

    def test_leaves_out_what_has_no_answer_or_has_it_in_a_figure(self) -> None:
        figure = Question("f", "?", "text", frozenset(["x"]), in_a_figure=True)
        without = Question("u", "?", "text")

        found = quoting(
            Exam("own", "own", ()), [Answer(q, {"citations": []}) for q in (figure, without)]
        )

        assert found.on_gold.n == 0

"""The project's own questions stand on their documents: gold pages exist and hold the answers."""

import re
from collections import Counter
from pathlib import Path

import pypdfium2
import pytest

from benchmarks.quality.metrics import holds, normalised
from benchmarks.quality.own_corpus import own_questions, write_own_pdfs
from benchmarks.quality.questions import Question, page_unit

QUESTIONS = own_questions()
ANSWERABLE = [question for question in QUESTIONS if question.answerable]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("own")
    write_own_pdfs(folder)
    return {
        page_unit(path.name, number): text
        for path in folder.glob("*.pdf")
        for number, text in enumerate(texts(path), start=1)
    }


def texts(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        found = [page.get_textpage().get_text_range() for page in document]
    # PDFium's mark of a hyphen that a line break put there.
    return [re.sub(r"\ufffe(\r\n)?", "", text) for text in found]


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question.id)
class TestEveryAnswerableQuestion:
    def test_has_its_answer_on_every_gold_page(
        self, question: Question, pages: dict[str, str]
    ) -> None:
        assert [unit for unit in question.gold if not holds(pages[unit], question.answers)] == []

    def test_has_its_gold_pages_in_its_document(self, question: Question) -> None:
        assert {unit.partition("#")[0] for unit in question.gold} == {question.document}


def test_no_two_questions_are_the_same() -> None:
    asked = Counter((normalised(one.text), one.history) for one in QUESTIONS)

    assert len({one.id for one in QUESTIONS}) == len(QUESTIONS)
    assert [text for text, count in asked.items() if count > 1] == []


def test_what_is_asked_is_of_every_kind() -> None:
    kinds = Counter(question.group for question in QUESTIONS)

    assert set(kinds) == {"text", "table", "number", "code", "year", "follow-up", "unanswerable"}
    assert kinds["unanswerable"] >= 10
    assert len(ANSWERABLE) >= 40
    assert all(bool(one.history) == (one.group == "follow-up") for one in QUESTIONS)


def test_every_document_is_asked_about(pages: dict[str, str]) -> None:
    documents = {unit.partition("#")[0] for unit in pages}

    assert {question.document for question in ANSWERABLE} == documents

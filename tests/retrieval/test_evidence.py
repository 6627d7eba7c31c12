"""Evidence is thin only when neither meaning nor words are near."""

import pytest

from data.settings import SearchSettings
from retrieval.abstention import reason_to_abstain
from retrieval.events import Reason
from retrieval.evidence import evidence_of, names_of
from retrieval.passages import Found
from tests.retrieval.shelf import Shelf

QUESTION = "What was the revenue of Acme in 2021?"
SETTINGS = SearchSettings(min_evidence=0.33, min_overlap=0.45)


@pytest.mark.parametrize(
    ("text", "similarity", "thin"),
    [
        ("Penguins eat krill.", 0.1, True),
        ("Penguins eat krill.", 0.6, False),
        ("Acme's revenues rose in 2021.", 0.1, False),
        ("Acme moved in 2021.", 0.24, True),
        ("Acme moved in 2021.", 0.29, False),
        ("Penguins eat krill.", None, True),
        ("Acme's revenues rose in 2021.", None, False),
    ],
)
def test_thin_is_far_in_meaning_and_in_words(
    shelf: Shelf, text: str, similarity: float | None, thin: bool
) -> None:
    found = Found((shelf.put(text),), {}, similarity, ready=True)

    assert evidence_of(QUESTION, found).is_thin(SETTINGS) is thin


def test_a_name_that_is_nowhere_counts_against_an_answer(shelf: Shelf) -> None:
    there = Found((shelf.put("Acme's sales in 2021."),), {}, 0.5, ready=True)
    missing = Found((shelf.put("Bolt's sales in 2021."),), {}, 0.5, ready=True)

    first, second = (evidence_of(QUESTION, found).score for found in (there, missing))

    assert first is not None
    assert second is not None
    # A tenth for the name, and its share of the words.
    assert first - second == pytest.approx(0.1 + 0.1 / 3, abs=1e-3)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Acme earn in Q3 2021?", {"acme", "q3", "2021"}),
        ("Where is it?", set()),
        ("Wie hoch war der Umsatz der Firma im Jahr?", set()),
        ("What does it say? How old is it?", set()),
    ],
)
def test_names_are_what_begins_large_or_has_digits(question: str, names: set[str]) -> None:
    assert names_of(question) == names


def test_no_passages_are_no_evidence() -> None:
    found = Found((), {}, 0.9, ready=True)

    reason = reason_to_abstain(found, evidence_of(QUESTION, found), SETTINGS)

    assert reason is Reason.NO_EVIDENCE


def test_chinese_words_count_too(shelf: Shelf) -> None:
    found = Found((shelf.put("公司的总收入增长了。"),), {}, None, ready=True)

    assert not evidence_of("公司的总收入", found).is_thin(SETTINGS)

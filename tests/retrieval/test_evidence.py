"""Evidence is thin only when neither meaning nor words are near."""

import pytest

from data.settings import SearchSettings
from retrieval.evidence import is_thin
from retrieval.passages import Found
from tests.retrieval.shelf import Shelf

QUESTION = "What was the revenue of Acme in 2021?"


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

    assert is_thin(QUESTION, found, SearchSettings()) is thin


def test_no_passages_are_no_evidence() -> None:
    assert is_thin(QUESTION, Found((), {}, 0.9, ready=True), SearchSettings())


def test_chinese_words_count_too(shelf: Shelf) -> None:
    found = Found((shelf.put("公司的总收入增长了。"),), {}, None, ready=True)

    assert not is_thin("公司的总收入", found, SearchSettings())

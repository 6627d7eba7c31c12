"""Terms that mean the same: found in a question, and again in a text under another name."""

import pytest

from retrieval.terms import terms_of


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "What was 3M's capital expenditure in FY2018?",
            "Purchases of property, plant and equipment (PP&E) | (1,577)",
        ),
        ("How high was capex?", "Additions to property, plant, and equipment"),
        ("What is the net PP&E?", "Property, plant and equipment — net | 8,738"),
        ("Who is the CEO?", "Anna Keller, Chief Executive Officer"),
        ("What were net sales?", "Total revenues | 5,363"),
        ("How much R&D was there?", "Research and development expenses"),
    ],
)
def test_finds_a_term_under_another_name(question: str, text: str) -> None:
    (term,) = terms_of(question)

    assert term.is_in(text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What was the capital expenditure?", "Property, plant and equipment — net | 8,738"),
        ("What were net sales?", "Net income | 5,363"),
        ("What is the net PP&E?", "Property taxes on plant and on equipment"),
    ],
)
def test_does_not_take_one_term_for_another(question: str, text: str) -> None:
    assert not any(term.is_in(text) for term in terms_of(question))


@pytest.mark.parametrize("question", ["", "?", "Who was Rollo?", "Is it a capital city?"])
def test_most_questions_have_none(question: str) -> None:
    assert terms_of(question) == []


def test_says_what_reports_call_it_first() -> None:
    (term,) = terms_of("What were the capital expenditures?")

    assert term.names[0] == "purchases of property, plant and equipment"
    assert term.asked == {"capita", "expend"}

"""Numbers, dates and quoted words are compared by what they say, not how they are written."""

import pytest

from retrieval.facts import Facts, are_held


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("It cost 1,234.50 dollars.", "The cost was $1 234,5 in all, or 1,234.5."),
        ("It cost 1234567.", "cost 1,234,567"),
        ("It cost 1,234,567.", "Kosten 1.234.567"),
        ("It cost 1,234,567.", "cost 1\u00a0234\u00a0567"),
        ("Es kostet 1.234,56 €.", "costs 1,234.56"),
        ("A loss of 5.2.", "(5.2)"),
        ("A change of -5.2%.", "change (5.2)%"),
        ("A change of \u22125.2.", "change -5.2"),
        ("A change of –$5.2.", "change $(5.2)"),
        ("From 2019-2021.", "2019 to 2021"),
        ("It rose by 12%.", "rose by 12 percent"),
        ("It rose by 12 %.", "Growth (%) 12"),
        ("Revenue was $5.2 million.", "revenue (in millions) 5.2"),
        ("Revenue was $5.2 million.", "revenue 5,200,000"),
        ("Revenue was 5,200,000.", "revenue of $5.2 million"),
        ("Revenue was 5.20.", "revenue 5.2"),
        ("On March 3, 2021 it began.", "It began on 3 March 2021."),
        ("On March 3, 2021 it began.", "2021-03-03"),
        ("On 3rd of March, 2021 it began.", "03/03/2021"),
        ("On April 3, 2021 it began.", "4/3/2021"),
        ("In March 2021 it began.", "It began on March 3, 2021."),
        ("On March 3, 2021 it began.", "In 2021: opened on March 3."),
        ("Im März 2021.", "March 2021"),
        ("In Q3 it fell.", "q3: fell"),
        ("In FY2023 it fell.", "fiscal 2023"),
        ("The 10-K says so.", "a 10\u2011k form"),
        ("It is “well known”.", 'it is "Well\nKnown" there'),
        ('It says "net … assets."', "net current assets"),
        ('It says "don’t".', "they don't"),
        ("1. It grew.", "growth"),
        ("- 2) It grew to 5.", "5"),
        ("It grew.", "anything"),
        ("Even ２０２１.", "2021"),
    ],
)
def test_what_the_source_says_is_held(sentence: str, source: str) -> None:
    assert are_held(sentence, [Facts(source)])


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("It cost 1,235.", "cost 1,234"),
        ("It cost 12.34.", "cost 1,234"),
        ("A change of -5.2.", "change 5.2"),
        ("It rose by 12%.", "rose by 12 million"),
        ("Revenue was $5.2 billion.", "revenue of $5.2 million"),
        ("Revenue was 5.3 and costs 5.2.", "costs 5.2"),
        ("On March 3, 2021 it began.", "March 5, 2021 and April 3, 2021"),
        ("On March 3, 2021 it began.", "March 3, 2020 and 2022"),
        ("In April 2021 it began.", "It began on March 3, 2021."),
        ("In Q3 it fell.", "Q2 and 2023"),
        ('It is "well known".', "it is known well"),
        ("It has 3 parts.", "thirteen or 13 or 0.3 or 3.5"),
        ("It has 5.", ""),
    ],
)
def test_what_the_source_does_not_say_is_not(sentence: str, source: str) -> None:
    assert not are_held(sentence, [Facts(source)])


def test_each_fact_may_be_in_another_source() -> None:
    assert are_held("It was 5 and then 6.", [Facts("5"), Facts("6")])


def test_endless_digits_are_no_burden() -> None:
    assert are_held("It is " + "9" * 4_000, [Facts("1" * 50_000 + "(" * 50_000 + '"' * 9_999)])

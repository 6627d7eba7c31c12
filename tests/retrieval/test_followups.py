"""A follow-up takes over what it leaves out; a question of its own is never touched."""

import pytest

from retrieval.followups import question_by_rule
from retrieval.passages import Turn

REVENUE = "What was the revenue of Acme in 2020?"


def after(question: str, *earlier: str) -> str:
    turns = [turn for text in earlier for turn in (Turn("user", text), Turn("assistant", "So."))]
    return question_by_rule(question, turns)


@pytest.mark.parametrize(
    ("earlier", "question", "meant"),
    [
        (REVENUE, "and in 2021?", "and in 2021? revenue Acme"),
        ("What was Acme's revenue in FY2020?", "and in 2021?", "and in 2021? Acme's revenue"),
        (REVENUE, "2021?", "2021? revenue Acme"),
        (REVENUE, "And the costs?", "And the costs? revenue Acme 2020"),
        (REVENUE, "What about its costs in 2019?", "What about its costs in 2019? revenue Acme"),
        (REVENUE, "Why?", "Why? revenue Acme 2020"),
        ("Who founded Acme?", "When was that?", "When was that? founded Acme"),
        ("Who founded Acme?", "Its first product?", "Its first product? founded Acme"),
        ("What was Acme's profit in France?", "and in Spain?", "and in Spain? Acme's profit"),
        ("What was the Q1 2021 revenue?", "and Q2?", "and Q2? 2021 revenue"),
        ("Who are the top 5 customers?", "and the top 10?", "and the top 10? customers"),
        ("Der Umsatz 2020?", "und 2021?", "und 2021? Umsatz"),
        ("Die Ziele von Acme?", "Wann will sie sie erreichen?",
         "Wann will sie sie erreichen? Ziele Acme"),
        ("Le bénéfice en 2020 ?", "et en 2021 ?", "et en 2021 ? bénéfice"),
        ("¿El beneficio en 2020?", "¿y en 2021?", "¿y en 2021? beneficio"),
        ("Acme 2020年的收入是多少？", "那2021年呢？", "那2021年呢？ Acme 年的收入是多少？"),
    ],
)  # fmt: skip
def test_a_follow_up_is_joined_with_what_it_leaves_out(
    earlier: str, question: str, meant: str
) -> None:
    assert after(question, earlier) == meant


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    meant = after("and its costs?", "Who leads Globex?", REVENUE, "and in 2021?")

    assert set(meant.split()) >= {"costs?", "2021", "revenue", "Acme"}
    assert not {"2020", "Globex"} & set(meant.split())


@pytest.mark.parametrize(
    "question",
    [
        "Who is the chief executive of Globex?",
        "What does this document say about penguins?",
        "Is it true that Globex was founded in 1998?",
        "How long does it take to build a ship?",
        "What is the name of the company that makes tea?",
        "Andorra has how many citizens?",
        "Wie viele Segmente gibt es?",
        "Können Sie mir die Adresse von Globex nennen?",
        "Quelle est l'adresse de Globex ?",
        "Combien de segments y a-t-il ?",
        "¿Cuál es la dirección de Globex?",
        "利润是多少？",
        "这份文件说了什么？",
        "ما هي عاصمة فرنسا؟",
        "And so it came to pass that seven brave shipwrights built the largest vessel of Globex?",
        "and " * 200,
    ],
)
def test_a_question_of_its_own_is_never_touched(question: str) -> None:
    assert after(question, REVENUE) == question


@pytest.mark.parametrize("question", ["and in 2021?", "", "?", "它呢？", "\x00"])
def test_without_a_conversation_there_is_nothing_to_take_over(question: str) -> None:
    assert question_by_rule(question, []) == question
    assert question_by_rule(question, [Turn("assistant", "Revenue rose.")]) == question


def test_what_was_said_is_taken_over_in_measure() -> None:
    meant = after("and in 2021?", *(f"word{n} " * 20_000 for n in range(100)))

    assert len(meant) < 1_000

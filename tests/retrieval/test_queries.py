"""Questions as they are searched for."""

import pytest

from retrieval.queries import Query, core_of
from retrieval.vocabulary import other_words


class TestTheCoreOfAQuestion:
    @pytest.mark.parametrize(
        ("question", "asked"),
        [
            ("How high is it? Answer in metres.", "How high is it?"),
            (
                "You are an analyst. Is the business of Acme cyclical?",
                "Is the business of Acme cyclical?",
            ),
            (
                "I read of Gannet Rock. Why was it dark? Be brief.",
                "I read of Gannet Rock. Why was it dark?",
            ),
            ("Wie hoch ist der alte Turm? Bitte in Metern.", "Wie hoch ist der alte Turm?"),
            ("Who? And when?", "Who? And when?"),
        ],
    )
    def test_is_what_asks(self, question: str, asked: str) -> None:
        assert core_of(question) == asked

    def test_is_all_of_it_when_nothing_asks(self) -> None:
        assert core_of("Write the case number. Be brief.") == "Write the case number. Be brief."


class TestAQuery:
    def test_has_the_words_of_the_documents_too(self) -> None:
        query = Query.of("How much was the capex in FY2018?")

        assert "property, plant and equipment" in query.text
        assert query.text.endswith("2018")

    def test_has_the_words_of_the_question_alone_where_that_is_wanted(self) -> None:
        query = Query.of("How much was the capex?", with_other_words=False)

        assert query.text == "How much was the capex?"

    def test_leaves_out_words_without_meaning_where_words_are_compared(self) -> None:
        assert Query.of("What is the height of the tower?").lexical.text == "height tower?"
        assert Query.of("Who is it?").lexical.text == "Who is it?"

    def test_looks_for_codes_and_quoted_words_as_they_stand(self) -> None:
        query = Query.of('Which part of the 10-K says "going concern", and where is 1,577?')

        assert query.lexical.phrases == ("going concern", "10-K", "1,577")

    def test_looks_for_the_first_of_very_many(self) -> None:
        query = Query.of(" ".join(f"of-{number}" for number in range(1000)))

        assert query.lexical.phrases == tuple(f"of-{number}" for number in range(16))

    @pytest.mark.parametrize(
        ("question", "pages"),
        [
            ("What does page 12 show?", {12}),
            ("Who is named on the first page?", {1}),
            ("What is on the 3rd page and the cover page?", {1, 3}),
            ("How many pages are there?", set()),
        ],
    )
    def test_knows_the_pages_that_are_named(self, question: str, pages: set[int]) -> None:
        assert Query.of(question).pages == pages

    def test_is_broad_when_it_asks_about_several_documents(self) -> None:
        assert Query.of("Which companies raised their dividend?").is_broad
        assert not Query.of("Compare sales in 2021 with those in 2022.").is_broad


def test_words_are_added_for_whole_words_only() -> None:
    assert other_words("What is the ROE?") != ""
    assert other_words("Who wrote the roedeer report on steps?") == ""
    assert other_words("What was it in FY23 and in FY 2022?") == "2023 2022"

"""What the extractive model quotes, with the real embedder: as few sentences as answer."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from data.contents import Vectors
from data.settings import AnswerSettings, SearchSettings
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.deadline import Deadline
from retrieval.embedding import Embedder
from retrieval.events import Done, Reason
from retrieval.models.extractive import EncodeMany, ExtractiveModel
from retrieval.models.model import Task
from retrieval.passages import Span
from retrieval.verification import Verifier
from tests.retrieval.shelf import Shelf, ask

CASH_FLOWS = """\
Consolidated Statement of Cash Flows
Years ended December 31
(Millions) | 2018 | 2017 | 2016
Cash Flows from Operating Activities
Depreciation and amortization | 1,488 | 1,544 | 1,474
Cash Flows from Investing Activities:
Purchases of property, plant and equipment (PP&E) | (1,577) | (1,373) | (1,420)
Purchases of marketable securities | (1,828) | (2,152) | (1,410)
Dividends paid to shareholders | (3,193) | (2,803) | (2,678)"""
HEAD = "(Millions) | 2018 | 2017 | 2016"
CAPITAL = "Purchases of property, plant and equipment (PP&E) | (1,577) | (1,373) | (1,420)"
MILL = (
    "The old mill stands on the northern bank of the river Aar. It was built in 1884 by Anna "
    "Keller, a miller from Basel. Visitors may see its wheel on Sundays. Two bridges lead to it."
)


@pytest.fixture
def encode_many(embedder: Embedder) -> EncodeMany:
    async def encode_many(texts: Sequence[str]) -> Vectors:
        return embedder.encode_queries(texts)

    return encode_many


async def lines(shelf: Shelf, question: str, encode_many: EncodeMany) -> list[str]:
    """Return what is quoted, line by line, without markers."""
    task = Task(question, tuple(shelf.passages))
    model = ExtractiveModel(encode_many)
    pieces = [p async for p in model.write(task, Deadline(30)) if isinstance(p, str)]
    return [line.rpartition(" [")[0] for line in "".join(pieces).split("\n")]


class TestTables:
    @pytest.mark.parametrize(
        ("question", "row"),
        [
            ("What was 3M's capital expenditure in FY2018?", CAPITAL),
            ("How much was spent on property, plant and equipment in 2017?", CAPITAL),
            (
                "How much did 3M pay its shareholders in dividends in 2016?",
                "Dividends paid to shareholders | (3,193) | (2,803) | (2,678)",
            ),
            (
                "What were depreciation and amortization in 2018? Give the figure in millions.",
                "Depreciation and amortization | 1,488 | 1,544 | 1,474",
            ),
        ],
    )
    async def test_quotes_the_row_below_what_names_its_columns(
        self, shelf: Shelf, encode_many: EncodeMany, question: str, row: str
    ) -> None:
        shelf.put(CASH_FLOWS)

        assert await lines(shelf, question, encode_many) == [HEAD, row]

    async def test_heads_of_a_table_that_is_cut_are_said_once(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        page = f"{HEAD}\nTea sales | 7 | 8 | 9\nRoom | 1 | 1 | 1\nCoffee sales | 4 | 5 | 6"
        shelf.put_page(page)
        head = (1, 0, len(HEAD))
        coffee = page.index("Coffee")
        shelf.put_spans([Span(1, 0, page.index("\nRoom"))])
        shelf.put_spans([Span(*head), Span(1, coffee, len(page))])

        assert await lines(shelf, "What were tea sales and coffee sales?", encode_many) == [
            HEAD, "Tea sales | 7 | 8 | 9", "Coffee sales | 4 | 5 | 6",
        ]  # fmt: skip

    async def test_heads_that_a_table_repeats_on_its_next_page_are_no_answer(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        rows = [[f"Bolt {n} | {n + 0.5}" for n in range(at, at + 4)] for at in (30, 34)]
        pages = ["\n".join(("Item | Price", *some)) for some in rows]
        for number, page in enumerate(pages, start=1):
            shelf.put_page(page, page=number)
        shelf.put_spans([Span(number, 0, len(page)) for number, page in enumerate(pages, start=1)])

        head, *rest = await lines(shelf, "What is the price of the item?", encode_many)

        assert head == "Item | Price"
        assert rest
        assert all(line.startswith("Bolt") for line in rest)

    async def test_what_names_the_columns_of_one_table_does_not_of_the_next(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put(f"{CASH_FLOWS}\nWhat follows are prices in francs.\nGreen tea, 1 kg | 12")

        assert await lines(shelf, "What is the price of a kg of green tea?", encode_many) == [
            "Green tea, 1 kg | 12"
        ]

    async def test_what_names_the_columns_is_no_answer(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put("Sales of tea in francs | 2018 | 2017\nBasel | 7 | 8\nChur | 3 | 2")

        assert await lines(shelf, "What were the sales of tea in 2018 in Basel?", encode_many) == [
            "Sales of tea in francs | 2018 | 2017",
            "Basel | 7 | 8",
        ]

    async def test_its_rows_are_quoted_word_for_word_and_hold(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put("|  | Year ended June 30, 2023 |  |\nTea sales | 4,100 |  |\nRent | (12) |  |")
        admission, verifier = Admission(AnswerSettings()), Verifier(shelf.read_pages)
        models = [ExtractiveModel(encode_many)]
        answerer = Answerer(shelf, models, verifier, admission, SearchSettings())

        done = [e async for e in await answerer.answer(ask("How much were tea sales in FY2023?"))][
            -1
        ]

        assert isinstance(done, Done)
        assert done.answer == "| | Year ended June 30, 2023 [1]\nTea sales | 4,100 [1]"
        assert [one.quote for one in done.citations] == [
            "|  | Year ended June 30, 2023 |  |", "Tea sales | 4,100 |  |",
        ]  # fmt: skip
        assert all(one.verified for one in done.citations)
        assert all(one.verified for one in done.sentences)

    async def test_a_table_of_words_is_quoted_by_its_row(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put("Governor | Rick Scott\nSurgeon General | Celeste Philip\nAgency | Health")

        assert await lines(shelf, "Who is the Surgeon General?", encode_many) == [
            "Surgeon General | Celeste Philip"
        ]


class TestProse:
    @pytest.mark.parametrize(
        ("question", "sentence"),
        [
            ("When may the wheel be seen by visitors?", "Visitors may see its wheel on Sundays."),
            ("How many bridges lead there?", "Two bridges lead to it."),
        ],
    )
    async def test_quotes_one_sentence_where_one_is_enough(
        self, shelf: Shelf, encode_many: EncodeMany, question: str, sentence: str
    ) -> None:
        shelf.put(MILL)
        shelf.put("Rivers carry water. Bridges are crossed on foot. Bread is baked.", "d2")

        assert await lines(shelf, question, encode_many) == [sentence]

    @pytest.mark.parametrize(
        "question", ["Who built the old mill on the river?", "When was the mill on the Aar built?"]
    )
    async def test_a_sentence_that_takes_up_the_one_before_comes_with_it(
        self, shelf: Shelf, encode_many: EncodeMany, question: str
    ) -> None:
        shelf.put(MILL)

        assert await lines(shelf, question, encode_many) == [
            "The old mill stands on the northern bank of the river Aar.",
            "It was built in 1884 by Anna Keller, a miller from Basel.",
        ]

    async def test_a_question_of_two_parts_gets_two_sentences_in_reading_order(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put(
            "Acme was founded in Basel in 1884. It makes tea. The weather there is mild.\n"
            "Its head office moved to Zurich in 1990. Trains run every hour."
        )

        found = await lines(
            shelf, "Where is the head office of Acme, and where was it founded?", encode_many
        )

        assert found == [
            "Acme was founded in Basel in 1884.",
            "Its head office moved to Zurich in 1990.",
        ]

    async def test_an_introduction_comes_with_its_list(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put(
            "Tea is old. The strategic priorities of the department are:\n• long, healthy life\n"
            "• readiness for emergencies\nOther matters are left to the counties of the state."
        )

        assert await lines(
            shelf, "What are the department's strategic priorities?", encode_many
        ) == [
            "The strategic priorities of the department are:",
            "• long, healthy life",
            "• readiness for emergencies",
        ]

    async def test_a_heading_and_a_question_are_no_answers(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        passage = shelf.put(
            "Opening Hours of the Mill\nWhat are the opening hours of the mill?\n"
            "Guests are welcome from nine to five on every day of the week."
        )
        shelf.passages[0] = replace(passage, section="Visiting > Opening Hours of the Mill")

        assert await lines(shelf, "What are the opening hours of the mill?", encode_many) == [
            "Guests are welcome from nine to five on every day of the week."
        ]

    async def test_what_tells_how_to_answer_is_not_what_is_asked(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put(f"{MILL} A list in the float format of a document is an answer.")

        question = "How many bridges lead to it? Answer in float format, as a list."

        assert await lines(shelf, question, encode_many) == ["Two bridges lead to it."]

    async def test_the_same_sentence_of_two_passages_is_said_once(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put(MILL)
        shelf.put(MILL, "d2")

        assert len(await lines(shelf, "How many bridges lead to the mill?", encode_many)) == 1

    async def test_declines_what_is_far_from_every_sentence(
        self, shelf: Shelf, encode_many: EncodeMany
    ) -> None:
        shelf.put(MILL)
        model = ExtractiveModel(encode_many)
        admission, verifier = Admission(AnswerSettings()), Verifier(shelf.read_pages)
        answerer = Answerer(shelf, [model], verifier, admission, SearchSettings())

        question = "Which enzyme copies deoxyribonucleic acid?"
        done = [event async for event in await answerer.answer(ask(question))][-1]

        assert isinstance(done, Done)
        assert done.reason == Reason.MODEL_DECLINED


class TestStrangeText:
    @pytest.mark.parametrize(
        "text",
        [
            "| | | |\n| |",
            "[1] [2] [3] tea [4]",
            "tea? " * 300,
            "| tea " * 300,
            "\u202etea\u2028tea tea\u200b tea | tea",
            "茶。" * 400,
            "1 2 3 4 5 6 7 8 tea 9\n" * 100,
            "tea:\n" * 300,
            "It is tea. " * 100,
        ],
    )
    async def test_is_quoted_or_declined(
        self, shelf: Shelf, encode_many: EncodeMany, text: str
    ) -> None:
        shelf.put(text)

        assert 1 <= len(await lines(shelf, "How much tea is 茶 in 2020?", encode_many)) <= 3

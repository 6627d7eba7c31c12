"""The model that quotes: the right sentences, word for word, or a refusal."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from data.contents import Vectors
from data.errors import DeadlineExceeded, Overloaded
from data.settings import AnswerSettings, SearchSettings
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.deadline import Deadline
from retrieval.embedding import Embedder
from retrieval.events import Done, Reason
from retrieval.models.extractive import EncodeMany, ExtractiveModel
from retrieval.models.model import Finish, Task
from retrieval.passages import Span
from retrieval.verification import Verifier
from tests.retrieval.shelf import Shelf, ask

REPORT = (
    "Acme was founded in Basel. It makes tea and ships it by rail [2] to every canton.\n"
    "Revenue was $5.2 million in 2021.\nThe office is painted green. Anna Keller runs the company."
)
TABLE = "Segment 2021 2020\nTea sales 4,100 3,900\nCoffee sales 1,100 900"


async def blind(texts: Sequence[str]) -> Vectors:
    """Find every text equally near to every other."""
    return np.full((len(texts), 1), 0.5, dtype=np.float32)


async def said(shelf: Shelf, question: str, encode_many: EncodeMany = blind) -> str:
    task = Task(question, tuple(shelf.passages))
    pieces = [piece async for piece in ExtractiveModel(encode_many).write(task, Deadline(5))]
    assert pieces[-1] == Finish()
    return "".join(piece for piece in pieces if isinstance(piece, str))


async def done(shelf: Shelf, question: str, encode_many: EncodeMany = blind) -> Done:
    admission, verifier = Admission(AnswerSettings()), Verifier(shelf.read_pages)
    model = ExtractiveModel(encode_many)
    answerer = Answerer(shelf, [model], verifier, admission, SearchSettings())
    event = [event async for event in await answerer.answer(ask(question))][-1]
    assert isinstance(event, Done)
    return event


async def test_quotes_the_sentence_that_answers(shelf: Shelf) -> None:
    shelf.put(REPORT)

    assert await said(shelf, "How much was the revenue in 2021?") == (
        "Revenue was $5.2 million in 2021. [1]"
    )


@pytest.mark.parametrize(
    ("question", "quotes"),
    [
        ("How much was the revenue in 2021?", ["Revenue was $5.2 million in 2021."]),
        ("What were tea sales?", ["Segment 2021 2020", "Tea sales 4,100 3,900"]),
        (
            "How is tea shipped by rail?",
            ["It makes tea and ships it by rail [2] to every canton."],
        ),
    ],
)
async def test_its_quotes_are_its_sentences_and_hold(
    shelf: Shelf, question: str, quotes: list[str]
) -> None:
    shelf.put(REPORT)
    shelf.put(TABLE, "d2")

    found = await done(shelf, question)

    assert [citation.quote for citation in found.citations] == quotes
    assert all(citation.verified for citation in found.citations)
    assert all(sentence.verified for sentence in found.sentences)
    assert not found.abstained
    assert found.model == "extractive"


async def test_prefers_the_row_whose_label_is_what_was_asked_for(shelf: Shelf) -> None:
    shelf.put("(Millions) | 2018 | 2017\nTotal intangible assets | $2,657 | $2,936")
    shelf.put("(Millions) | 2018 | 2017\nTotal assets | $36,500 | $37,987", "d2")

    answer = await said(shelf, "How much were total assets at the end of 2018?")

    assert "Total assets | $36,500 | $37,987" in answer
    assert "intangible" not in answer


async def test_quotes_in_the_order_of_the_document(shelf: Shelf) -> None:
    shelf.put_page("Tea from Basel is good. Unrelated words stand here.", page=1)
    shelf.put_page("Basel exports tea.", page=2)
    shelf.put_spans([Span(2, 0, 18)])
    shelf.put_spans([Span(1, 0, 23)])

    assert await said(shelf, "Basel tea?") == "Tea from Basel is good. [2]\nBasel exports tea. [1]"


async def test_the_best_document_comes_first(shelf: Shelf) -> None:
    shelf.put("Basel exports tea by rail.", "d9")
    shelf.put("Basel imports tea by sea.", "d1")

    assert await said(shelf, "Basel tea?") == (
        "Basel exports tea by rail. [1]\nBasel imports tea by sea. [2]"
    )


async def test_does_not_say_a_thing_twice(shelf: Shelf) -> None:
    shelf.put(REPORT)
    shelf.put(REPORT, "d2")

    assert (await said(shelf, "How much was the revenue in 2021?")).count("[") == 1


@pytest.mark.parametrize("text", ["Penguins eat krill.", "", "\n\n", "12"])
async def test_declines_what_the_passages_do_not_hold(shelf: Shelf, text: str) -> None:
    async def far(texts: Sequence[str]) -> Vectors:
        return np.eye(len(texts), dtype=np.float32)

    shelf.put(text or "x")

    assert (await done(shelf, "How much was the revenue?", far)).reason == Reason.MODEL_DECLINED


async def test_goes_by_words_alone_when_the_embedder_is_busy(shelf: Shelf) -> None:
    async def busy(texts: Sequence[str]) -> Vectors:
        raise Overloaded(f"{len(texts)} texts are too many.")

    shelf.put(REPORT)

    assert "Revenue was" in await said(shelf, "How much was the revenue in 2021?", busy)


@pytest.mark.parametrize("line", ["Acme made tea number {} today.", "Tea {} | 1,{} | 9"])
async def test_asks_the_embedder_for_a_bounded_amount_of_text(shelf: Shelf, line: str) -> None:
    asked: list[int] = []

    async def counting(texts: Sequence[str]) -> Vectors:
        asked.extend(map(len, texts))
        return await blind(texts)

    for page in range(1, 30):
        shelf.put("\n".join(line.replace("{}", f"{page}{n}") for n in range(40)), page=page)
    await said(shelf, "Did Acme make tea?", counting)

    assert len(asked) < 120
    assert sum(asked) <= 3000


async def test_the_deadline_covers_the_embedder(shelf: Shelf) -> None:
    async def hanging(texts: Sequence[str]) -> Vectors:
        await asyncio.sleep(1000)
        return await blind(texts)

    shelf.put(REPORT)
    pieces = ExtractiveModel(hanging).write(Task("Acme?", tuple(shelf.passages)), Deadline(0.02))

    with pytest.raises(DeadlineExceeded):
        await anext(pieces)


async def test_finds_by_meaning_what_has_no_word_in_common(
    shelf: Shelf, embedder: Embedder
) -> None:
    async def encode_many(texts: Sequence[str]) -> Vectors:
        return embedder.encode_queries(texts)

    shelf.put(REPORT)

    assert (await said(shelf, "Who is the CEO of the firm?", encode_many)).startswith("Anna Keller")

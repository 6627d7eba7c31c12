"""An answer from the question to the verdict, with a real endpoint behind it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import (
    UnknownModel,
)
from data.settings import AnswerSettings, SearchSettings
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.deadline import Deadline
from retrieval.events import Accepted, Reason, Sources, Token
from retrieval.models.model import Finish, Task
from retrieval.verification import Verifier
from tests.model_server import ModelServer
from tests.retrieval.service import QUESTION, REPORT, done, read, service
from tests.retrieval.shelf import Shelf, ask


class TestAnAnswer:
    async def test_comes_in_order_and_ends_with_its_verdict(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        passage = shelf.put(REPORT)
        server.say("Revenue was ", "$5.2 million", " [", "1", "].", " It is [8] fine.")

        async with service(shelf, server) as running:
            events = await read(running.answerer)

        tokens = events[2:-1]
        assert isinstance(events[0], Accepted)
        assert events[1] == Sources((passage,))
        assert all(isinstance(token, Token) and token.text for token in tokens)
        assert "".join(t.text for t in tokens if isinstance(t, Token)) == done(events).answer
        assert done(events).answer == "Revenue was $5.2 million [1]. It is fine."
        assert [one.verified for one in done(events).sentences] == [True, False]
        assert done(events).citations[0].quote == "Revenue was $5.2 million in 2021."
        assert (done(events).abstained, done(events).reason) == (False, None)
        assert done(events).usage["completion_tokens"] == 3
        assert {"dense", "search", "first_token", "total"} <= set(done(events).timings_ms)
        assert running.admission.running == 0

    async def test_is_accepted_before_anything_is_done(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        async with (
            service(shelf, server, places=1) as running,
            aclosing(await running.answerer.answer(ask("?"))),
            aclosing(await running.answerer.answer(ask("?"))) as waiting,
        ):
            assert isinstance(await anext(waiting), Accepted)
            assert (running.admission.running, running.admission.waiting) == (1, 1)

    async def test_tokens_come_while_the_model_still_writes(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        shelf.put(REPORT)
        server.say("Revenue", asyncio.Event())

        async with (
            service(shelf, server) as running,
            aclosing(await running.answerer.answer(ask(QUESTION))) as answer,
        ):
            assert [await anext(answer) for _ in range(3)][2] == Token("Revenue")

    async def test_sources_come_before_the_model_says_a_word(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        shelf.put(REPORT)
        server.say(asyncio.Event())

        async with (
            service(shelf, server) as running,
            aclosing(await running.answerer.answer(ask(QUESTION))) as answer,
        ):
            assert isinstance([await anext(answer) for _ in range(2)][1], Sources)

    async def test_what_was_held_back_at_the_end_is_shown(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        shelf.put(REPORT)
        server.say("Revenue was $5.2 million [1]. See [", "1")

        async with service(shelf, server) as running:
            events = await read(running.answerer)

        assert events[-2] == Token(" [1")
        assert done(events).answer == "Revenue was $5.2 million [1]. See [1"

    async def test_one_that_was_read_to_its_end_has_given_its_place_back(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        async with service(shelf, server) as running:
            answer = await running.answerer.answer(ask(QUESTION))
            async for _ in answer:
                pass

            assert running.admission.running == 0
            assert answer is not None

    async def test_an_unknown_model_is_refused_at_once(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        async with service(shelf, server) as running:
            with pytest.raises(UnknownModel):
                await running.answerer.answer(ask("?", model="other"))

            assert running.admission.running == 0


class TestAbstaining:
    async def test_nothing_is_ready(self, shelf: Shelf, server: ModelServer) -> None:
        shelf.ready = False

        async with service(shelf, server) as running:
            events = await read(running.answerer)

        assert events[1] == Sources(())
        assert (done(events).abstained, done(events).reason) == (True, Reason.NO_DOCUMENTS)
        assert len(events) > 4
        assert server.requests == []

    async def test_thin_evidence_does_not_reach_the_model(
        self, shelf: Shelf, server: ModelServer
    ) -> None:
        shelf.put("Penguins eat krill.")
        shelf.best_similarity = 0.1

        async with service(shelf, server) as running:
            events = await read(running.answerer)

        assert done(events).reason == Reason.NO_EVIDENCE
        assert done(events).citations == ()
        assert "".join(t.text for t in events if isinstance(t, Token)) == done(events).answer
        assert server.requests == []

    @pytest.mark.parametrize(
        "said", ["I can't find this in the documents.", "Revenue was great.", "Great [9]."]
    )
    async def test_the_model_declines_or_cites_nothing(
        self, shelf: Shelf, server: ModelServer, said: str
    ) -> None:
        shelf.put(REPORT)
        server.say(said)

        async with service(shelf, server) as running:
            events = await read(running.answerer)

        assert (done(events).abstained, done(events).reason) == (True, Reason.MODEL_DECLINED)
        assert done(events).citations == ()
        assert done(events).answer == said.replace(" [9]", "")


@dataclass
class Said:
    """A model that says pieces as they are given."""

    pieces: list[str]
    name: str = "said"

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        for piece in self.pieces:
            yield piece
        yield Finish()


FRAGMENTS = st.sampled_from(
    ["Revenue was $5.2 million", " in 2021", ". ", "[1]", " [1, 2]", "[3]", "【1】", "\n", " ",
     "Costs", " rose", "[", "1", "]", "[sic]", "(5)", "“a”"]
)  # fmt: skip


@settings(max_examples=100)
@given(st.lists(FRAGMENTS, min_size=1, max_size=15), st.data())
async def test_the_cut_of_the_tokens_changes_neither_the_answer_nor_the_verdict(
    fragments: list[str], data: st.DataObject
) -> None:
    text = "".join(fragments)
    size = data.draw(st.integers(1, 7))
    shelf = Shelf()
    shelf.put(REPORT)
    shelf.put(REPORT, "d2")
    verdicts = []

    for pieces in ([text], [text[i : i + size] for i in range(0, len(text), size)]):
        admission = Admission(AnswerSettings())
        verifier = Verifier(shelf.read_pages)
        answerer = Answerer(shelf, [Said(pieces)], verifier, admission, SearchSettings())
        events = await read(answerer)
        assert "".join(t.text for t in events if isinstance(t, Token)) == done(events).answer
        verdicts.append((done(events).answer, done(events).sentences, done(events).citations))

    assert verdicts[0] == verdicts[1]

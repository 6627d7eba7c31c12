"""The model that needs no model: it quotes the sentences that answer best."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import numpy as np

from data.contents import Vectors
from data.errors import Unavailable
from data.sentences import sentences_of
from retrieval.deadline import Deadline
from retrieval.models.candidates import Candidate, candidates_of
from retrieval.models.choosing import Ranking, chosen
from retrieval.models.model import Finish, Task
from retrieval.prompting import DECLINE

EncodeMany = Callable[[Sequence[str]], Awaitable[Vectors]]


class ExtractiveModel:
    """Answers with the best one to three sentences or table rows of the passages, word for word."""

    name = "extractive"

    def __init__(self, encode_many: EncodeMany) -> None:
        self._encode_many = encode_many

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        """Yield the sentences word by word, each with its marker, or the refusal."""
        quoted = await self._chosen(task, deadline)
        for place, candidate in enumerate(quoted):
            if place:  # a line each: a row of a table has no full stop to end it
                yield "\n"
            for word in _marked(candidate):
                yield word
        if not quoted:
            yield DECLINE
        yield Finish()

    async def _chosen(self, task: Task, deadline: Deadline) -> list[Candidate]:
        """Return what to quote in reading order, nothing when nothing is near enough."""
        ranking = Ranking(task.question, candidates_of(task.passages))
        likely = ranking.likely()
        if not likely:
            return []
        # The same sentence may stand in several passages.
        texts = list(dict.fromkeys(one.gist for one in likely))
        meaning = await self._meaning(ranking.question, texts, deadline)
        return chosen(ranking, ranking.scores(likely, meaning))

    async def _meaning(
        self, question: str, texts: list[str], deadline: Deadline
    ) -> dict[str, float]:
        """Return how near each text is to the question; nothing when the embedder is away."""
        try:
            vectors = await deadline.wait(self._encode_many([question, *texts]))
        except Unavailable:
            if deadline.remaining() <= 0:
                raise
            return {}
        similarities = np.asarray(vectors[1:] @ vectors[0], dtype=float)
        return dict(zip(texts, similarities.tolist(), strict=True))


def _marked(candidate: Candidate) -> list[str]:
    """Return the words, and a marker behind each sentence that a reader of the line will see."""
    text = candidate.text
    pieces: list[str] = []
    for start, end in sentences_of(text):
        if pieces:
            pieces.append(" ")
        pieces.extend(re.findall(r"\S+\s*", text[start:end]))
        pieces.append(f" [{candidate.number}]")
    return pieces

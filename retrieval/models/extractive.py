"""The model that needs no model: it quotes the sentences that answer best."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data.contents import Vectors
from data.errors import Unavailable
from retrieval.deadline import Deadline
from retrieval.markers import without_markers
from retrieval.models.model import Finish, Task
from retrieval.passages import Passage
from retrieval.prompting import DECLINE
from retrieval.quotes import quotable
from retrieval.words import Weights, words_of

EncodeMany = Callable[[Sequence[str]], Awaitable[Vectors]]

# What the embedder is asked to compare with the question, at most.
_CANDIDATES = 16
_MOST_SENTENCES = 3
_SHORTEST = 3
# Of the best score; sentences below it are beside the point.
_NEARLY_AS_GOOD = 0.8
_WORTH_OF_MEANING = 0.6
_WORTH_OF_A_KIND = 0.1
_WORTH_OF_FIRST_PASSAGE = 0.05
# Two sentences that share more of their words say the same.
_SAME = 0.7
# Below this, the best sentence is no answer.
_LEAST_SCORE = 0.3
_KINDS = (
    (re.compile(r"\b(?:how (?:much|many|long|large|old|far|high)|what (?:percent|share|amount))\b"),
     re.compile(r"\d")),
    (re.compile(r"\b(?:when|what (?:year|date|day|month)|which year|since)\b"),
     re.compile(r"\b(?:1\d|20)\d\d\b|\b\d{1,2}[./]\d")),
    (re.compile(r"\bwho(?:m|se)?\b"), re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+ [A-Z]")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence of a passage, and its place in reading order."""

    number: int
    order: tuple[str, int, int]
    text: str
    words: frozenset[str]


class ExtractiveModel:
    """Answers with the best one to three sentences of the passages, word for word."""

    name = "extractive"

    def __init__(self, encode_many: EncodeMany) -> None:
        self._encode_many = encode_many

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        """Yield the sentences word by word, each with its marker, or the refusal."""
        chosen = await self._chosen(task, deadline)
        for place, candidate in enumerate(chosen):
            if place:  # a line each: a sentence of a table has no full stop to end it
                yield "\n"
            for word in re.findall(r"\S+\s*", " ".join(candidate.text.split())):
                yield word
            yield f" [{candidate.number}]"
        if not chosen:
            yield DECLINE
        yield Finish()

    async def _chosen(self, task: Task, deadline: Deadline) -> list[_Candidate]:
        """Return the sentences to quote in reading order, none when nothing is near enough."""
        candidates = _candidates(task.passages)
        asked = Weights(frozenset(words_of(task.question)), [one.words for one in candidates])
        overlap = {one: asked.share(one.words) for one in candidates}
        likely = sorted(candidates, key=lambda one: (-overlap[one], one.number))[:_CANDIDATES]
        if not likely:
            return []
        meaning = await self._meaning(task.question, [one.text for one in likely], deadline)
        scores = {
            one: _score(task.question, one, overlap[one], similarity)
            for one, similarity in zip(likely, meaning, strict=True)
        }
        ranked = sorted(likely, key=lambda one: -scores[one])
        enough = max(_LEAST_SCORE, _NEARLY_AS_GOOD * scores[ranked[0]])
        chosen: list[_Candidate] = []
        for one in ranked:
            if scores[one] < enough or len(chosen) == _MOST_SENTENCES:
                break
            if not any(_say_the_same(one, other) for other in chosen):
                chosen.append(one)
        return sorted(chosen, key=lambda one: one.order)

    async def _meaning(
        self, question: str, texts: list[str], deadline: Deadline
    ) -> list[float | None]:
        """Return how near each text is to the question, unknown when the embedder is away."""
        try:
            vectors = await deadline.wait(self._encode_many([question, *texts]))
        except Unavailable:
            if deadline.remaining() <= 0:
                raise
            return [None] * len(texts)
        return list(np.asarray(vectors[1:] @ vectors[0], dtype=float))


def _candidates(passages: tuple[Passage, ...]) -> list[_Candidate]:
    found: list[_Candidate] = []
    for number, passage in enumerate(passages, start=1):
        for span, text in zip(passage.spans, passage.span_texts(), strict=True):
            for start, end in quotable(text):
                # The document's own "[3]" must not read as a marker of ours.
                sentence = without_markers(text[start:end]).strip()
                words = frozenset(words_of(sentence))
                if len(words) >= _SHORTEST:
                    order = (passage.document_id, span.page, span.start + start)
                    found.append(_Candidate(number, order, sentence, words))
    return found


def _score(question: str, one: _Candidate, overlap: float, similarity: float | None) -> float:
    """Return how likely the sentence answers the question, about 0 to 1."""
    score = overlap
    if similarity is not None:
        score = _WORTH_OF_MEANING * similarity + (1 - _WORTH_OF_MEANING) * overlap
    asked = question.casefold()
    if any(kind.search(asked) and form.search(one.text) for kind, form in _KINDS):
        score += _WORTH_OF_A_KIND
    return score + _WORTH_OF_FIRST_PASSAGE / one.number


def _say_the_same(one: _Candidate, other: _Candidate) -> bool:
    return len(one.words & other.words) > _SAME * len(one.words | other.words)

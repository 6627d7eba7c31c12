"""The verdict on an answer: each sentence, what it cites, and whether that holds."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache

from retrieval.citations import QuotedPassage, ReadPages, pages_of
from retrieval.cited import CitedSentence, cited_sentences
from retrieval.events import Citation, Sentence
from retrieval.facts import Facts, are_held, without_line_mark
from retrieval.passages import Passage, Question
from retrieval.quotes import Claim
from retrieval.refusals import decline
from retrieval.words import words_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentences of an answer with their citations; without any, it is no answer."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


class Verifier:
    """Checks answers against the pages of their passages."""

    def __init__(self, read_pages: ReadPages) -> None:
        self._read_pages = read_pages

    async def check(
        self, question: Question, answer: str, passages: tuple[Passage, ...]
    ) -> Verdict:
        """Return the verdict; quotes are cut out of the pages' own text."""
        sentences = cited_sentences(answer, len(passages))
        cited = [one.text for one in sentences if one.parts]
        if decline([one.text for one in sentences], cited):
            return _without_citations(sentences)
        quoted = await self._quoted(question.scope.workspace, sentences, passages)
        facts = {number: _facts_of(passages[number - 1].text) for number in quoted}
        asked = frozenset(words_of(question.question))
        citations: list[Citation] = []
        checked: list[Sentence] = []
        for one in sentences:
            kept: list[Citation] = []
            for number in one.parts:
                # Other streams go on between two citations of a long answer.
                await asyncio.sleep(0)
                claim = Claim.of(without_line_mark(one.part(number)), asked)
                found = quoted[number].citation(claim) if number in quoted else None
                if found is not None:
                    kept.append(found)
            indices = range(len(citations), len(citations) + len(kept))
            held = bool(kept) and are_held(one.text, [facts[c.number] for c in kept])
            citations.extend(kept)
            checked.append(Sentence(one.start, one.end, tuple(indices), held))
        return Verdict(tuple(checked), tuple(citations))

    async def _quoted(
        self, workspace: str, sentences: list[CitedSentence], passages: tuple[Passage, ...]
    ) -> dict[int, QuotedPassage]:
        """Return the cited passages that stand on their pages, by number."""
        numbers = sorted({number for one in sentences for number in one.parts})
        wanted = pages_of(passages[number - 1] for number in numbers)
        pages = await self._read_pages(workspace, wanted)
        found = {n: QuotedPassage.of(n, passages[n - 1], pages) for n in numbers}
        return {number: passage for number, passage in found.items() if passage is not None}


@lru_cache(maxsize=128)
def _facts_of(text: str) -> Facts:
    """Return what a passage says; many answers cite the same one."""
    return Facts(text)


def _without_citations(sentences: list[CitedSentence]) -> Verdict:
    checked = tuple(Sentence(one.start, one.end, (), verified=False) for one in sentences)
    return Verdict(checked, ())

"""The sentences of a passage that can be quoted, and the ones that support a claim best."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from data.sentences import sentences_of
from retrieval.words import Weights, words_of

_MOST_SENTENCES = 3
# A neighbouring sentence has to add this much of the claim to be quoted too.
_PRICE_OF_A_SENTENCE = 0.2
# Decides between sentences that hold the claim equally, and for claims like "Yes."
_WORTH_OF_THE_QUESTION = 0.05
# Of sentences that hold the claim equally, the one that says the least besides.
_PRICE_OF_A_WORD = 1e-4
# Below this share of the claim's words, a quote is shown but does not count as support.
_LEAST_SUPPORT = 0.35
# What runs on longer than this is a sentence of clauses, or a list without full stops.
_LONGEST_SENTENCE = 500
_LONGEST_QUOTE = 900
_LINE = re.compile(r"\S[^\n]{0,299}(?<=\S)(?=\s|$)|\S{1,300}")
# Of prose, rather what ends with a clause.
_CLAUSES = re.compile(r"\S.{80,298}[;:,](?=\s)|\S.{0,299}(?<=\S)(?=\s|$)|\S{1,300}", re.DOTALL)
# Lines of prose are at least so long, on average.
_PROSE_LINE = 50


def quotable(text: str) -> list[tuple[int, int]]:
    """Return the ranges of a text that may be quoted: its sentences, endless ones cut up."""
    ranges: list[tuple[int, int]] = []
    for start, end in sentences_of(text):
        if end - start <= _LONGEST_SENTENCE:
            ranges.append((start, end))
        else:
            prose = text.count("\n", start, end) * _PROSE_LINE < end - start
            piece = _CLAUSES if prose else _LINE
            ranges.extend(found.span() for found in piece.finditer(text, start, end))
    return ranges


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence of a page: its range there, and its content words."""

    page: int
    start: int
    end: int
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Quote:
    """One to three sentences that follow each other on a page."""

    page: int
    start: int
    end: int
    supports: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What has to be supported: the words of a sentence, and of the question it answers."""

    words: frozenset[str]
    asked: frozenset[str]

    @classmethod
    def of(cls, sentence: str, asked: frozenset[str]) -> Self:
        """Return the claim that a sentence makes in answer to a question with these words."""
        return cls(frozenset(words_of(sentence)), asked)

    @property
    def numbers(self) -> frozenset[str]:
        """Return those of its words that are numbers."""
        return frozenset(word for word in self.words if word[0].isdigit())


@lru_cache(maxsize=256)  # many answers cite the same passage
def units_of(text: str, page: int, offset: int) -> tuple[Unit, ...]:
    """Return the sentences of a text that begins at ``offset`` of its page."""
    return tuple(
        Unit(page, offset + start, offset + end, frozenset(words_of(text[start:end])))
        for start, end in quotable(text)
    )


def best_quote(claim: Claim, spans: Sequence[Sequence[Unit]]) -> Quote | None:
    """Return the sentences, within one span, that hold most of the claim in the fewest words.

    None only when there is no sentence at all.
    """
    texts = [unit.words for span in spans for unit in span]
    wanted, asked = Weights(claim.words, texts), Weights(claim.asked, texts)
    numbers = claim.numbers
    best: tuple[float, Quote] | None = None
    for span in spans:
        for first in range(len(span)):
            words: frozenset[str] = frozenset()
            for last in range(first, min(first + _MOST_SENTENCES, len(span))):
                start, end = span[first].start, span[last].end
                if last > first and end - start > _LONGEST_QUOTE:
                    break
                words |= span[last].words
                held = wanted.share(words)
                score = held - _PRICE_OF_A_SENTENCE * (last - first)
                # The question alone can't make it the best: most sentences end here.
                if best is not None and score + _WORTH_OF_THE_QUESTION < best[0]:
                    continue
                score += _WORTH_OF_THE_QUESTION * asked.share(words)
                score -= _PRICE_OF_A_WORD * len(words)
                if best is None or score > best[0]:
                    has_one = not numbers or not numbers.isdisjoint(words)
                    supports = held >= _LEAST_SUPPORT and has_one
                    best = score, Quote(span[first].page, start, end, supports)
    return best[1] if best else None

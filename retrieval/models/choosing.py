"""Which sentences answer a question: how likely each is, and how many it takes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from data.sentences import CELL
from retrieval.models.answer_types import Expected
from retrieval.models.candidates import Candidate
from retrieval.queries import ASKS, core_of
from retrieval.terms import Term, terms_of
from retrieval.words import Weights, words_of

# What the embedder is asked to compare with the question, at most: 16 sentences of prose, 45 ms
# on two cores, or the rows of a large table. With half as much, the same sentences were best.
_CHARACTERS, _COST_OF_A_TEXT = 3000, 30
_MOST_SENTENCES = 3
# A sentence of fewer content words says too little; a row is at least a name and a cell.
_SHORTEST, _SHORTEST_ROW = 3, 2
# What a score is made of: the question's words in the sentence, in it or around it, its meaning,
# and whether it has the kind of thing that is asked for.
_OWN_WORDS, _WORDS_AROUND, _MEANING, _KIND = 0.25, 0.25, 0.35, 0.12
_FIRST_PASSAGE = 0.05
# What a row is worth more whose label has no words but the question's: "Total assets" is asked
# for, not "Total intangible assets".
_LABEL = 0.1
# What a heading, a broken line or a question is worth less than a sentence or a row.
_FRAGMENT = 0.08
# As likely as the best, as far as a score can tell.
_MARGIN = 0.07
# Less likely, but it has so much of the question that the others lack: another part of it.
_WIDE_MARGIN, _PART = 0.2, 0.3
# Below this, the best sentence is no answer.
_LEAST_SCORE = 0.22
# Two sentences that share more of their words say the same.
_SAME = 0.7
_COLONS = (":", "：")
# A year that is spelled as one word with what it is the year of.
_FISCAL = re.compile(r"\b[fc]y\s?(?:'|’)?(?=\d{4}\b)|\b[fc]y\s?(?:'|’)?(?=(\d\d)\b)", re.IGNORECASE)
_PARTS = re.compile(r"\b(?:and|und|y|e|et)\b|[和与及]|[?？].*[?？]", re.IGNORECASE)
# What such a sentence is about was said before it.
_TAKES_UP = re.compile(
    r"[\"'“‘«(]*(?:(?:it|he|she|they|this|these|those|its|his|her|their|such|both|er|sie|es|dies\w*"
    r"|ihre?|seine?|él|ella|ellos|ellas|est[aeo]s?|su|sus)\b|[它他她这该其])",
    re.IGNORECASE,
)


class Ranking:
    """The sentences of the passages, and how likely each answers the question."""

    def __init__(self, question: str, candidates: Sequence[Candidate]) -> None:
        core = core_of(question)
        terms = terms_of(core)
        # What the embedder is to compare: it knows few words of accountants.
        self.question = " ".join((core, *(f"({term.names[0]})" for term in terms)))
        self.asked = frozenset(words_of(_FISCAL.sub(lambda year: "20" if year[1] else "", core)))
        self._has_parts = bool(_PARTS.search(core))
        self._expected = Expected.of(core)
        self._words = {
            one: one.words.union(*(term.asked for term in terms if term.is_in(one.text)))
            for one in candidates
        }
        self._labels = {one: self._labelled(one, terms) for one in candidates if one.is_row}
        self._weights = Weights(self.asked, list(self._words.values()))
        self.after = {one.before: one for one in candidates if one.before is not None}
        heads = {head for one in candidates for head in one.heads}
        self._candidates = [one for one in candidates if self._can_answer(one) and one not in heads]

    def likely(self) -> list[Candidate]:
        """Return the likeliest as far as words and form tell, best first."""
        score = {one: self._score(one, 0.0) for one in self._candidates}
        ranked = sorted(self._candidates, key=lambda one: -score[one])
        used = accumulate(len(one.gist) + _COST_OF_A_TEXT for one in ranked)
        return [
            one for one, characters in zip(ranked, used, strict=True) if characters <= _CHARACTERS
        ]

    def scores(
        self, likely: Sequence[Candidate], meaning: Mapping[str, float]
    ) -> dict[Candidate, float]:
        """Return how likely each is, about 0 to 1, best first; words stand in for no meaning."""
        scores = {
            one: self._score(one, meaning.get(one.gist, self._weights.share(self._words[one])))
            for one in likely
        }
        return dict(sorted(scores.items(), key=lambda item: -item[1]))

    def gain(self, one: Candidate, picked: Sequence[Candidate]) -> float:
        """Return the share of a question of parts that it has and what is picked lacks."""
        if not self._has_parts:
            return 0.0
        held = self._words[picked[0]].union(*(self._words[p] | p.headings for p in picked))
        return self._weights.share(held | self._words[one]) - self._weights.share(held)

    def _score(self, one: Candidate, meaning: float) -> float:
        return (
            _OWN_WORDS * self._weights.share(self._words[one] | one.headings)
            + _WORDS_AROUND * self._weights.share(self._words[one] | one.context)
            + _MEANING * meaning
            + _KIND * self._expected.is_in(one.text)
            + _FIRST_PASSAGE / one.number
            + _LABEL * self._labels.get(one, 0.0)
            - _FRAGMENT * self._is_fragment(one)
        )

    def _labelled(self, row: Candidate, terms: Sequence[Term]) -> float:
        """Return the share of a row's label that the question has, 0 to 1."""
        label = row.text.partition(CELL)[0]
        if any(term.is_in(label) for term in terms):
            return 1.0
        words = frozenset(words_of(label))
        return len(words & self.asked) / len(words) if words else 0.0

    def _is_fragment(self, one: Candidate) -> bool:
        """Whether it states nothing: a heading, a question, an introduction to nothing but rows."""
        if one.text.endswith(ASKS):
            return True
        if not one.text.endswith(_COLONS):
            return one.is_fragment
        after = self.after.get(one)
        return after is None or after.is_row

    def _can_answer(self, one: Candidate) -> bool:
        """Whether it says something: a heading that repeats the question does not."""
        if len(one.words) < (_SHORTEST_ROW if one.is_row else _SHORTEST):
            return False
        states = not one.is_fragment and not one.text.endswith(ASKS)
        return states or not one.words <= self.asked | one.headings


def chosen(ranking: Ranking, scores: Mapping[Candidate, float]) -> list[Candidate]:
    """Return the sentences to quote, in reading order; none when the best is no answer.

    ``scores`` are best first. One that is clearly the best stands alone, but for what it needs
    to be understood.
    """
    best = next(iter(scores))
    if scores[best] < _LEAST_SCORE:
        return []
    picked = _with_heads(best, ())
    for one in _completing(best, ranking):
        picked = _grown(picked, one)
    for one, score in scores.items():
        margin = _WIDE_MARGIN if ranking.gain(one, picked) >= _PART else _MARGIN
        if score >= scores[best] - margin and not any(_say_the_same(one, p) for p in picked):
            picked = _grown(picked, one)
    documents = list(dict.fromkeys(one.document_id for one in scores))
    return sorted(picked, key=lambda one: (documents.index(one.document_id), one.place))


def _completing(best: Candidate, ranking: Ranking) -> Iterable[Candidate]:
    """Yield the neighbours without which the best is not the whole answer."""
    before, after = best.before, ranking.after.get(best)
    taken_up = before is not None and not before.is_row and _TAKES_UP.match(best.text)
    if before is not None and taken_up and _adds(before, best, ranking):
        yield before
    if best.text.endswith((*_COLONS, *ASKS)):
        while after is not None and not after.is_row:
            yield after
            after = ranking.after.get(after)
    elif after is not None and _TAKES_UP.match(after.text) and _adds(after, best, ranking):
        yield after


def _adds(one: Candidate, to: Candidate, ranking: Ranking) -> bool:
    """Whether it has words of the question that the other lacks."""
    return bool(one.words & ranking.asked - to.words)


def _grown(picked: tuple[Candidate, ...], one: Candidate) -> tuple[Candidate, ...]:
    """Return what is picked with one more, and with what names its columns, where that fits."""
    grown = _with_heads(one, picked)
    return grown if len(grown) <= _MOST_SENTENCES else picked


def _with_heads(one: Candidate, picked: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    # A table that is cut says its heads again.
    said = {(p.document_id, p.text) for p in picked}
    heads = (head for head in one.heads if (head.document_id, head.text) not in said)
    return tuple(dict.fromkeys((*picked, *heads, one)))


def _say_the_same(one: Candidate, other: Candidate) -> bool:
    return len(one.words & other.words) > _SAME * len(one.words | other.words)

"""Whether what was found can hold an answer at all."""

import re
from dataclasses import dataclass

from data.settings import SearchSettings
from retrieval.passages import Found
from retrieval.words import words_of

# An answer's words may lie in several passages, but not in the tail of the list.
_BEST = 5
# What all of the question's words together weigh against a cosine of 1, and what it costs when
# a name or a number that it asks about is nowhere in the best passages.
_WORTH_OF_WORDS = 0.1
_PRICE_OF_A_NAME = 0.1
# Words that begin large inside a sentence, and what has a digit.
_NAME = re.compile(r"(?<![.?!:])(?<=\s)[\"'“‘(]*([^\W\d_a-z][\w&.-]*\w)|\b(\w*\d[\w.,]*)")
# Where every noun begins large, that says nothing.
_GERMAN = re.compile(
    r"\b(?:der|die|das|den|dem|des|ist|sind|wird|wurden?|wer|wann|warum|welche\w*|wie|und|im|vom)\b"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much speaks for an answer."""

    # About 0 to 1.1: the cosine of the best chunk, and a tenth of the share of the question's
    # words that the best passages have; less when a name is missing. None without a dense leg.
    score: float | None
    # That share itself.
    words: float

    def is_thin(self, settings: SearchSettings) -> bool:
        """Whether nothing found is like the question, in meaning or in words.

        Both count: a paraphrase shares few words with its answer, and a code has a poor vector.
        Passages with every word are never thin; without a dense leg words alone decide.
        """
        if self.score is None:
            return self.words < settings.min_overlap
        return self.words < 1 and self.score < settings.min_evidence


def evidence_of(question: str, found: Found) -> Evidence:
    """Return the evidence that a search found for an answer to the question."""
    asked, names = frozenset(words_of(question)), names_of(question)
    missing = set(asked | names)
    for one in found.passages[:_BEST]:
        if not missing:
            break
        missing.difference_update(words_of(f"{one.title or ''} {one.section} {one.text}"))
    share = len(asked - missing) / len(asked) if asked else 0.0
    if found.best_similarity is None:
        return Evidence(None, share)
    price = 0.0 if names.isdisjoint(missing) else _PRICE_OF_A_NAME
    score = found.best_similarity + _WORTH_OF_WORDS * share - price
    return Evidence(round(score, 4), share)


def names_of(question: str) -> frozenset[str]:
    """Return the names and numbers of a question, as ``words_of`` gives them."""
    found = _NAME.findall(question)
    is_german = bool(_GERMAN.search(question))
    names = (number or ("" if is_german else name) for name, number in found)
    return frozenset(words_of(" ".join(names)))

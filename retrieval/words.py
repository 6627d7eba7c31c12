"""The words that carry a text's meaning, in a form that compares across inflections."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from retrieval.spelling import UNSPACED

# Runs of letters and digits; Han, Kana and Hangul characters have no spaces between words.
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_UNSPACED = re.compile(f"[{UNSPACED}]+")

# Long words that share their first letters are forms of one word often enough, in every
# language with suffixes; a stemmer per language is not worth its errors here.
_STEM = 6

_STOP_WORDS = """
    a about after all also am an and any are as at be been before being between both but by can
    could did do does during each either for from further had has have having he her here hers him
    his how i if in into is it its itself just may me might more most much must my no nor not of
    off on once only or other our out over own per same shall she should so some such than that the
    their them then there these they this those through to too under until up upon us very was we
    were what when where which while who whom whose why will with would you your yours tell give
    please many
    der die das den dem des ein eine einen einem einer und oder ist sind war waren wie was wer wo
    wann warum welche welcher welches von vom zu zum zur im in mit auf für bei aus nach als auch
    el la los las un una unos unas y o es son era eran como qué que quién cuál cuándo dónde de del
    al en con por para se su sus
    le les une des et ou est sont était du au aux dans avec sur pour par qui quel quelle quand où
"""
_STOP = frozenset(_STOP_WORDS.split())
_MARKS = "?!.,;:()[]{}\"'“”‘’«»„"


class _Known(dict[str, tuple[str, ...]]):
    """The content words of every piece of text without white space that was met lately.

    Most of a text's pieces were met before, and looking one up costs a fifth of reading it.
    """

    def __missing__(self, piece: str) -> tuple[str, ...]:
        words = tuple(_read(piece))
        # Both bounds together keep it below 10 MB, whatever texts there are.
        if len(piece) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[piece] = words
        return words


_LONGEST_KNOWN = 24
_MOST_KNOWN = 32_768
_KNOWN = _Known()


def words_of(text: str) -> list[str]:
    """Return the content words of a text in order, lower case and stemmed."""
    return list(chain.from_iterable(map(_KNOWN.__getitem__, text.split())))


def content_of(text: str) -> str:
    """Return a text's words without those that carry no meaning; all of them if none do."""
    words = text.split()
    kept = [word for word in words if word.casefold().strip(_MARKS) not in _STOP]
    return " ".join(kept or words)


class Weights:
    """Words that are wanted, each worth the more the fewer of the texts have it."""

    def __init__(self, words: frozenset[str], texts: Sequence[frozenset[str]]) -> None:
        held = Counter(chain.from_iterable(map(words.__and__, texts)))
        self._words = words
        self._weights = {
            # Numbers count twice: they are what an answer is checked for.
            word: math.log(1 + (len(texts) + 1) / (held[word] + 0.5)) * (1 + word[0].isdigit())
            for word in words
        }
        self._total = sum(self._weights.values())

    def share(self, words: frozenset[str]) -> float:
        """Return the share of the wanted weight that is among ``words``, 0 to 1."""
        shared = self._words & words
        if not shared:
            return 0.0
        return sum([self._weights[word] for word in shared]) / self._total


def _read(text: str) -> Iterator[str]:
    """Yield the content words of a text."""
    for word in _WORD.findall(text.casefold()):
        if word in _STOP:
            continue
        if _UNSPACED.search(word):
            yield from _pairs(word)
        else:
            yield _stem(word)


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:_STEM]


def _pairs(word: str) -> list[str]:
    """Return the overlapping pairs of characters, which serve as words where none are spaced."""
    return [word[i : i + 2] for i in range(len(word) - 1)] or [word]

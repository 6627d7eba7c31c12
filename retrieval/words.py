"""The words that carry a text's meaning, in a form that compares across inflections."""

import math
import re
from collections.abc import Iterable, Mapping

# Runs of letters and digits; Han, Kana and Hangul characters have no spaces between words.
_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")

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


def words_of(text: str) -> list[str]:
    """Return the content words of a text in order, lower case and stemmed."""
    found: list[str] = []
    for match in _WORD.finditer(text.casefold()):
        word = match.group()
        if word in _STOP:
            continue
        if _UNSPACED.search(word):
            found.extend(_pairs(word))
        else:
            found.append(_stem(word))
    return found


def weights_of(words: Iterable[str], texts: Iterable[frozenset[str]]) -> dict[str, float]:
    """Return how much each word tells the texts apart; numbers count twice."""
    texts = list(texts)
    weights: dict[str, float] = {}
    for word in words:
        holding = sum(word in text for text in texts)
        rarity = math.log(1 + (len(texts) + 1) / (holding + 0.5))
        weights[word] = rarity * (2 if word[0].isdigit() else 1)
    return weights


def coverage(weights: Mapping[str, float], words: frozenset[str]) -> float:
    """Return the share of the weighted words that are among ``words``, 0 to 1."""
    total = sum(weights.values())
    return sum(weights[word] for word in weights.keys() & words) / total if total else 0.0


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:_STEM]


def _pairs(word: str) -> list[str]:
    """Return the overlapping pairs of characters, which serve as words where none are spaced."""
    return [word[i : i + 2] for i in range(len(word) - 1)] or [word]

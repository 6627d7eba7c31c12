"""What a follow-up question means by itself: "and in 2021?" after a question about revenue."""

import re
from collections.abc import Iterable, Sequence

from retrieval.passages import Turn
from retrieval.spelling import UNSPACED
from retrieval.words import words_of

# Whoever writes more has said what it is about; a few questions back suffice.
_LONGEST = 300
_MOST_QUESTIONS = 6
_MOST_WORDS = 16
# A question with more words of its own stands alone, whatever it begins with.
_MOST_OWN_WORDS = 6

_GOES_ON = re.compile(
    r"(?i)[\W_]*(?:and|or|but|also|then|so|what about|how about|what else|the same|"
    r"und|aber|oder|auch|wie (?:steht|sieht) es|was ist mit|et|mais|ou|qu'en est-il|"
    rf"y|e|pero|o|también|qué hay de|qué tal|那么?|还有|以及)(?![^\W{UNSPACED}])"
)
_REFERS = re.compile(
    r"(?i:\b(?:it|its|they|them|their|theirs|he|him|his|she|hers?)\b"
    r"|\b(?:this|that|these|those)\b(?=\W*$)"
    r"|\b(?:is|was|are|were|does|did|do) (?:this|that|these|those)\b(?! (?:document|report|file|"
    r"paper|text|contract|agreement|policy|book|page|article|filing|study|manual)s?\b)"
    r"|\b(?:the same|the former|the latter|in that case|that (?:year|period|time|company))\b)"
    r"|\b(?:er|sie|ihre?[nmrs]?|seine?[nmrs]?|deren|dessen|dies|davon|dazu|dafür|darin|dabei)\b"
    r"|(?<!-)\b(?:il|elle|ils|elles|leurs?|cela|ça|celui-ci|celle-ci)\b(?! y a)"
    r"|\b(?:ello|ellos|ellas|él|ella|sus?|esto|eso)\b|它|(?<=[与和比])[这那]|呢\W*$"
)
# "It" and its kin that stand for nothing, and the polite "Sie".
_EMPTY = re.compile(
    r"(?i:\b(?:is|was) it (?:true|possible|correct|clear|known|necessary|likely)\b"
    r"|\bit (?:is|was) \w+ that\b|\bdoes it take\b|\b(?:gibt|ist) es\b|\by a-t-il\b"
    r"|\bil y a\b|\best-ce qu\w*)|(?<!^)\b(?:Sie|Ihre?[nmrs]?)\b"
)
_YEAR = re.compile(r"(?<!\d)(?:\b[FfCc][Yy] ?)?(?:19|20)\d\d(?:[-/–]\d\d(?:\d\d)?)?(?!\d)")
_QUARTER = re.compile(r"\b(?:[qQhH][1-4]|[1-4][qQhH])\b")
_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,]*%?(?!\w)")
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]")
# "in France" is replaced by "in Germany".
_PLACED = re.compile(
    r"\b(in|for|at|of|by|von|bei|für|en|à|pour|para|chez)\s+([^\W\d_a-zà-ÿ][\w'’-]*)"
)
_WORD = re.compile(r"[^\W_]+(?:[.,'’&-][^\W_]+)*")


def question_by_rule(question: str, history: Sequence[Turn]) -> str:
    """Return the question with what it takes over from earlier ones, or as it is.

    A question that can stand alone is never touched.
    """
    if len(question) > _LONGEST:
        return question
    earlier = [turn.content for turn in history if turn.role == "user"][-_MOST_QUESTIONS:]
    meant = ""
    for asked in (*(text[:_LONGEST] for text in earlier), question):
        depends = bool(meant) and is_dependent(asked)
        meant = f"{asked.strip()} {_taken_over(meant, asked)}".strip() if depends else asked
    return meant


def is_dependent(question: str) -> bool:
    """Whether a question can't be understood without the one before it."""
    own = [word for word in words_of(question) if not word[0].isdigit()]
    if not own:
        return True
    # Words without spaces can't be counted, characters can.
    unspaced = _HAS_UNSPACED.search(question)
    if len(question) > _LONGEST // 4 if unspaced else len(own) > _MOST_OWN_WORDS:
        return False
    return bool(_GOES_ON.match(question) or _REFERS.search(_EMPTY.sub(" ", question)))


def _taken_over(meant: str, question: str) -> str:
    """Return the content words of the earlier question that the new one does not replace."""
    rest = meant
    for kind in (_YEAR, _QUARTER):
        if kind.search(question):
            rest = kind.sub(" ", rest)
    if _NUMBER.search(_YEAR.sub(" ", question)):
        rest = _NUMBER.sub(lambda found: _unless_a_year(found.group()), rest)
    places = {found[1] for found in _PLACED.finditer(question)}
    rest = _PLACED.sub(lambda found: " " if found[1] in places else found.group(), rest)
    if _HAS_UNSPACED.search(rest):
        return " ".join(rest.split())
    return " ".join(_content_of(rest, set(words_of(question))))


def _content_of(text: str, known: set[str]) -> Iterable[str]:
    """Yield the words of a text that carry meaning, each once, without those that are known."""
    kept = 0
    for found in _WORD.finditer(text):
        stems = words_of(found.group())
        if stems and not known.issuperset(stems) and kept < _MOST_WORDS:
            known.update(stems)
            kept += 1
            yield found.group()


def _unless_a_year(number: str) -> str:
    return number if _YEAR.fullmatch(number) else " "

"""A question as it is searched for: what it is about, in the documents' words too."""

import re
from dataclasses import dataclass
from typing import Self

from data.lexical import LexicalQuery
from retrieval.vocabulary import other_words
from retrieval.words import content_of

_SENTENCE = re.compile(r"(?<=[.?!:])\s+")
# How to answer, and not what is asked.
_INSTRUCTION = re.compile(
    r"(?:please|kindly|give|answer|write|return|round|format|respond|provide your|use|assume|"
    r"you are|we need|represent|save|express|your (?:answer|response|report))\b|"
    r"if\b.*\b(?:not (?:a |an )?(?:useful|relevant|something|applicable)|state that|say so)\b",
    re.IGNORECASE,
)
_ORDINALS = {"first": 1, "cover": 1, "title": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_PAGE = re.compile(
    rf"\b(?:(?P<word>{'|'.join(_ORDINALS)}) page|(?P<ordinal>\d{{1,4}})(?:st|nd|rd|th) page|"
    r"page (?:no\.? |number )?(?P<number>\d{1,4}))\b",
    re.IGNORECASE,
)
_BROAD = re.compile(
    r"\b(?:across|all|each|every|which|between|compare|how many) (?:of )?(?:the |these |those )?"
    r"(?:documents?|reports?|compan(?:y|ies)|files?|papers?|filings?|articles?|sources?)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[\"“”«»„]([^\"“”«»„]{3,100})[\"“”«»„]")
# "10-K", "1,577", "TPS62840.A": one thing, though a word index cuts it.
_CODE = re.compile(r"(?<!\S)[\[(]*(\w+(?:[-.,/:&]\w+)+)")


@dataclass(frozen=True, slots=True)
class Query:
    """What the legs of a search look for."""

    # For the embedder.
    text: str
    # For the lexical index.
    lexical: LexicalQuery
    # Pages that the question names.
    pages: frozenset[int]
    # It asks about several documents.
    is_broad: bool

    @classmethod
    def of(cls, question: str) -> Self:
        """Return the query of a question; no model is asked."""
        asked = without_instructions(question)
        text = f"{asked} {other_words(question)}".rstrip()
        phrases = [*_QUOTED.findall(question), *_CODE.findall(question)]
        return cls(
            text=text,
            lexical=LexicalQuery(content_of(text), tuple(dict.fromkeys(phrases))),
            pages=frozenset(map(_page, _PAGE.finditer(question))),
            is_broad=bool(_BROAD.search(asked)),
        )


def without_instructions(question: str) -> str:
    """Return a question without the sentences that only say how to answer."""
    sentences = _SENTENCE.split(question.strip())
    asked = [one for one in sentences if not _INSTRUCTION.match(one)]
    return " ".join(asked) or question.strip()


def _page(found: re.Match[str]) -> int:
    if found["word"]:
        return _ORDINALS[found["word"].casefold()]
    return int(found["ordinal"] or found["number"])

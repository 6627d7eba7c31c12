"""A question as it is searched for: what it is about, in the documents' words too."""

import re
from dataclasses import dataclass
from typing import Self

from data.lexical import LexicalQuery
from data.sentences import sentences_of
from retrieval.vocabulary import other_words
from retrieval.words import content_of, words_of

ASKS = ("?", "？")
# Fewer content words than these are about something that was said before.
_FEW_WORDS = 3
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
# Each costs the lexical index a look at every place of its words.
_MOST_PHRASES = 16


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
    def of(cls, question: str, *, with_other_words: bool = True) -> Self:
        """Return the query of a question; no model is asked."""
        asked = core_of(question)
        text = f"{asked} {other_words(question)}".rstrip() if with_other_words else asked
        phrases = [*_QUOTED.findall(question), *_CODE.findall(question)]
        return cls(
            text=text,
            lexical=LexicalQuery(content_of(text), tuple(dict.fromkeys(phrases))[:_MOST_PHRASES]),
            pages=frozenset(map(_page, _PAGE.finditer(question))),
            is_broad=bool(_BROAD.search(asked)),
        )


def core_of(question: str) -> str:
    """Return the sentences of a question that ask: the others say how to answer.

    What stands before them stays where they say too little by themselves.
    """
    sentences = [question[start:end] for start, end in sentences_of(question)]
    asking = [place for place, one in enumerate(sentences) if one.endswith(ASKS)]
    if not asking:
        return question.strip()
    core = " ".join(sentences[place] for place in asking)
    if len(words_of(core)) < _FEW_WORDS:
        return " ".join(sentences[: asking[-1] + 1])
    return core


def _page(found: re.Match[str]) -> int:
    if found["word"]:
        return _ORDINALS[found["word"].casefold()]
    return int(found["ordinal"] or found["number"])

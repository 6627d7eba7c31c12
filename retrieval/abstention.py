"""When the documents are not enough: what is said then, and how a model says it."""

import re

from data.settings import SearchSettings
from retrieval.events import Reason
from retrieval.evidence import is_thin
from retrieval.passages import Found

SENTENCES = {
    Reason.NO_DOCUMENTS: (
        "There is no document to answer from yet: upload one, or wait until its indexing is done, "
        "and ask again."
    ),
    Reason.NO_EVIDENCE: (
        "I can't find this in the documents: ask in other words, or upload a document that "
        "covers it."
    ),
}

_SOURCES = r"(?:documents?|passages?|sources?|excerpts?|context|texts?|information provided)"
_REFUSALS = (
    re.compile(
        # Never "we": documents say that of themselves.
        r"\bi (?:can't|cannot|can not|could not|couldn't|am unable to|was unable to|do not|don't|"
        r"did not|didn't) (?:find|answer|determine|tell|see|know|have|locate)\b"
    ),
    re.compile(
        rf"\b{_SOURCES}\b[^.]{{0,40}}\b(?:do|does|did)(?: not|n't) (?:\w+ ){{0,2}}"
        r"(?:mention|contain|state|provide|specify|say|include|address|discuss|cover|answer|"
        r"give|hold|tell)\b"
    ),
    re.compile(
        r"\b(?:is|are|was|were)(?: not|n't) (?:\w+ ){0,2}(?:mentioned|contained|stated|provided|"
        rf"specified|included|found|available|given|covered) (?:in|by) (?:\w+ ){{0,2}}{_SOURCES}\b"
    ),
)


def reason_to_abstain(question: str, found: Found, settings: SearchSettings) -> Reason | None:
    """Return why no model need be asked, or None when one should be."""
    if not found.ready:
        return Reason.NO_DOCUMENTS
    if is_thin(question, found, settings):
        return Reason.NO_EVIDENCE
    return None


def is_refusal(sentence: str) -> bool:
    """Whether a sentence says that the documents do not hold the answer."""
    text = " ".join(sentence.replace("’", "'").casefold().split())
    return any(pattern.search(text) for pattern in _REFUSALS)

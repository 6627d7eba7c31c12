"""What happens while a question is answered, in the order in which a client learns of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from data.contents import Box
from retrieval.passages import Passage


class Reason(StrEnum):
    """Why the documents were not enough for an answer."""

    NO_DOCUMENTS = "no_documents"
    NO_EVIDENCE = "no_evidence"
    MODEL_DECLINED = "model_declined"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote that supports a sentence, and where it stands."""

    # The source's number, from 1.
    number: int
    document_id: str
    version: int
    filename: str
    page: int
    quote: str
    # Offsets into the page's text.
    start: int
    end: int
    boxes: tuple[Box, ...]
    # Whether the quote holds enough of the sentence to count as its support.
    verified: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer, its markers included."""

    # Offsets into the answer.
    start: int
    end: int
    # Indices into the answer's citations.
    citations: tuple[int, ...]
    # Every number, date and quoted span of it occurs in the passages that it cites.
    verified: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """The question is taken; nothing has been done for it yet."""

    answer_id: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages of the answer; the first is number 1. May be none."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the answer; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer and the verdict on it. ``answer`` is the texts of all tokens, joined."""

    answer: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    abstained: bool
    reason: Reason | None
    model: str
    # What was searched for: the question, or what a follow-up means without its conversation.
    query: str
    usage: Mapping[str, int]
    timings_ms: Mapping[str, float]
    # How many questions were answered together with it, by stage; 0: its vector was known.
    batches: Mapping[str, int] = field(default_factory=dict)
    # How much spoke for an answer before a model was asked (retrieval/evidence.py).
    evidence: float | None = None
    # The model stopped at a limit on length.
    truncated: bool = False
    # A weaker model wrote it because the others were away.
    degraded: bool = False


Event = Accepted | Sources | Token | Done

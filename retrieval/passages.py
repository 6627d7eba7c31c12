"""What a question asks for, and the passages that a search finds for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a page's text, in code points, half open."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """Text that was found; ``text`` is the texts of its spans, joined by line ends."""

    chunk_id: str
    document_id: str
    version: int
    filename: str
    title: str | None
    library: str
    page: int
    page_end: int
    section: str
    text: str
    score: float
    # Where it stood in each leg that found it: "dense", "lexical".
    ranks: Mapping[str, int]
    # In reading order.
    spans: tuple[Span, ...]

    def span_texts(self) -> list[str]:
        """Return the text of each span; together they are ``text``."""
        texts: list[str] = []
        start = 0
        for span in self.spans:
            end = start + span.end - span.start
            texts.append(self.text[start:end])
            start = end + 1
        return texts


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first, and how it went."""

    passages: tuple[Passage, ...]
    timings_ms: Mapping[str, float]
    # The best cosine similarity; None when the dense leg did not answer.
    best_similarity: float | None
    # Whether anything is ready in the libraries that were asked.
    ready: bool
    # How many questions were answered together, by stage: "embedding", "dense".
    batches: Mapping[str, int] = field(default_factory=dict)
    # The lexical leg answered from an index that is behind the catalogue.
    lexical_behind: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look. Several tags mean all of them; no document ids mean every document."""

    workspace: str
    libraries: tuple[str, ...] = ("default",)
    document_ids: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that was said before in the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question, where to look for its answer, and how long that may take."""

    scope: Scope
    question: str = field(repr=False)
    history: tuple[Turn, ...] = field(default=(), repr=False)
    limit: int = 8
    timeout_seconds: float = 60.0
    # One of the configured models; None means the default.
    model: str | None = None
    # Whose places it takes: lines are fair between keys.
    key_id: str = ""
    # How the client wants the answer to read; never what it may say.
    style: str = field(default="", repr=False)

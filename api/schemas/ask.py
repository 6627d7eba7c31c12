"""Questions and answers."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from api.schemas.common import RequestModel, ResponseModel, Text
from api.schemas.search import ScopeRequest, SourceBody
from data.records import Key
from retrieval.events import Done, Reason
from retrieval.passages import Passage, Question, Turn


class TurnRequest(RequestModel):
    """Something that was said before."""

    role: Literal["user", "assistant"]
    content: Text = Field(max_length=100_000)


class AskRequest(ScopeRequest):
    """A question."""

    question: Text = Field(min_length=1, max_length=8000, pattern=r"\S")
    history: list[TurnRequest] = Field([], max_length=200)
    stream: bool = True
    limit: int = Field(8, ge=1, le=30)
    timeout_seconds: float = Field(60, ge=1, le=600, allow_inf_nan=False)
    model: Text | None = Field(None, max_length=200, description="one of the configured names")
    resumable: bool = Field(
        default=False, description="the stream can be taken up when it broke off; with `stream`"
    )

    @field_validator("resumable")
    @classmethod
    def _streamed(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's way
        if value and not info.data.get("stream", True):
            raise ValueError("only a stream can be taken up again")
        return value

    def question_for(self, key: Key) -> Question:
        """Return the question of a key, within its workspace."""
        return Question(
            scope=self.scope(key.workspace),
            question=self.question,
            history=tuple(Turn(turn.role, turn.content) for turn in self.history),
            limit=self.limit,
            timeout_seconds=self.timeout_seconds,
            model=self.model,
            key_id=key.id,
        )


class SentenceBody(ResponseModel):
    """A sentence of the answer, by its offsets, and the citations that it carries."""

    start: int
    end: int
    citations: list[int] = Field(description="indices into the answer's citations")
    verified: bool


class CitationBody(ResponseModel):
    """A verbatim quote, and where it stands on its page."""

    number: int
    document_id: str
    version: int
    filename: str
    page: int
    quote: str
    start: int
    end: int
    boxes: list[tuple[float, float, float, float]]
    verified: bool


class AnswerBody(ResponseModel):
    """A checked answer."""

    answer: str
    sentences: list[SentenceBody]
    citations: list[CitationBody]
    abstained: bool
    reason: Reason | None
    model: str
    query: str = Field(description="what was searched for: a follow-up in words of its own")
    usage: Mapping[str, int]
    timings_ms: Mapping[str, float]
    batches: Mapping[str, int] = Field(
        description="how many questions were embedded and looked up together with this one"
    )
    evidence: float | None = Field(description="how much spoke for an answer, about 0 to 1.1")
    truncated: bool
    degraded: bool = Field(description="a weaker model wrote it because the others were away")


class WholeAnswerBody(AnswerBody):
    """A checked answer with its sources, in one piece."""

    answer_id: str
    sources: list[SourceBody]

    @classmethod
    def of(cls, answer_id: str, passages: tuple[Passage, ...], done: Done) -> "WholeAnswerBody":
        """Return the body for a finished answer."""
        answer = AnswerBody.model_validate(done)
        sources = SourceBody.numbered(passages)
        return cls(**answer.model_dump(), answer_id=answer_id, sources=sources)

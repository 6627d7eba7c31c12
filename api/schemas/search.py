"""Search."""

from pydantic import Field

from api.schemas.common import Identity, LibraryName, RequestModel, ResponseModel, Tag, Text
from retrieval.passages import Found, Passage, Scope


class ScopeRequest(RequestModel):
    """Where to look."""

    libraries: list[LibraryName] = Field(["default"], min_length=1, max_length=32)
    document_ids: list[Identity] = Field([], max_length=100, description="none means all")
    tags: list[Tag] = Field([], max_length=50, description="several mean all of them")

    def scope(self, workspace: str) -> Scope:
        """Return the scope within a workspace."""
        return Scope(workspace, tuple(self.libraries), tuple(self.document_ids), tuple(self.tags))


class SearchRequest(ScopeRequest):
    """What to look for."""

    query: Text = Field(min_length=1, max_length=8000, pattern=r"\S")
    limit: int = Field(10, ge=1, le=100)


class PassageBody(ResponseModel):
    """Text that was found."""

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
    ranks: dict[str, int] = Field(examples=[{"dense": 3, "lexical": 1}])


class SearchBody(ResponseModel):
    """What was found, best first."""

    passages: list[PassageBody]
    timings_ms: dict[str, float]
    batches: dict[str, int] = Field(
        description="how many questions were embedded and looked up together with this one"
    )
    lexical_behind: bool = Field(description="documents of the last moments may be missing")

    @classmethod
    def of(cls, found: Found) -> "SearchBody":
        """Return the body for what was found."""
        return cls(
            passages=[PassageBody.model_validate(one) for one in found.passages],
            timings_ms=dict(found.timings_ms),
            batches=dict(found.batches),
            lexical_behind=found.lexical_behind,
        )


class SourceBody(PassageBody):
    """A passage that an answer may cite by its number."""

    number: int

    @classmethod
    def numbered(cls, passages: tuple[Passage, ...]) -> "list[SourceBody]":
        """Return the sources of an answer; the first is number 1."""
        return [
            cls(number=number, **PassageBody.model_validate(one).model_dump())
            for number, one in enumerate(passages, start=1)
        ]

"""What the resources share."""

from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from data.records import PageWarning

Item = TypeVar("Item")
# What the stores take for a number.
LARGEST = 2**31 - 1


def without_nul(text: str) -> str:
    """Return the text, or raise ``ValueError``: no store takes a NUL character."""
    if "\0" in text:
        raise ValueError("must not have a NUL character")
    return text


Text = Annotated[str, AfterValidator(without_nul)]
Tag = Annotated[Text, Field(min_length=1, max_length=100)]
Identity = Annotated[Text, Field(min_length=1, max_length=500)]
LibraryName = Annotated[Text, Field(min_length=1, max_length=500)]


class RequestModel(BaseModel):
    """A request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseModel(BaseModel):
    """A response, made from a record by its attributes."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(RequestModel):
    """Which part of a list."""

    limit: int = Field(20, ge=1, le=100)
    cursor: Text | None = Field(
        None, max_length=500, description="`next_cursor` of the page before"
    )


class Page(ResponseModel, Generic[Item]):
    """A part of a list, newest first."""

    items: list[Item]
    next_cursor: str | None


class Warned(ResponseModel):
    """Something that a person should know about some pages."""

    code: str
    message: str
    pages: list[int]

    @classmethod
    def of(cls, warnings: tuple[PageWarning, ...]) -> "list[Warned]":
        """Return the warnings of a record."""
        return [cls(code=w.code, message=w.message, pages=list(w.pages)) for w in warnings]


class Problem(BaseModel):
    """What went wrong, for a program and for a person."""

    code: str = Field(examples=["document_not_found"])
    message: str = Field(examples=["There is no such document."])
    details: dict[str, object] = {}


class ErrorBody(BaseModel):
    """The body of every error."""

    error: Problem

"""Documents, uploads and pages."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, model_validator

from api.schemas.common import (
    LARGEST,
    LibraryName,
    PageQuery,
    RequestModel,
    ResponseModel,
    Tag,
    Warned,
)
from api.schemas.jobs import JobBody
from data import records
from data.records import DocumentState


class DocumentQuery(PageQuery):
    """Which documents."""

    library: LibraryName | None = None
    state: DocumentState | None = None
    tag: list[Tag] = Field([], max_length=50, description="several mean all of them")


class AboutBody(ResponseModel):
    """What a document is about, told by the file and its first pages; null where neither does."""

    author: str | None
    date: str | None = Field(description="a day, a month or a year, as ISO 8601")
    company: str | None
    period: str | None = Field(description='"2018", "Q2 2023", "2016-2018" or a day')
    kind: str | None = Field(description='"10-K", "annual report", "paper", …')


class DocumentBody(ResponseModel):
    """A document; `version` is the one that answers questions, else the latest."""

    id: str
    library: str
    filename: str
    title: str | None
    tags: list[str]
    media_type: str
    bytes: int
    sha256: str
    version: int
    state: DocumentState
    pages: int
    chunks: int
    warnings: list[Warned]
    about: AboutBody
    created_at: datetime
    updated_at: datetime


class UploadBody(ResponseModel):
    """What an upload became."""

    document: DocumentBody
    job: JobBody
    duplicate: bool = Field(description="the same bytes were in this library already")

    @classmethod
    def of(cls, receipt: records.Receipt) -> "UploadBody":
        """Return the body for a receipt."""
        return cls(
            document=DocumentBody.model_validate(receipt.document),
            job=JobBody.of(receipt.job),
            duplicate=receipt.duplicate,
        )


class PageBody(ResponseModel):
    """The text of a page; offsets of citations count its characters."""

    page: int
    version: int
    text: str
    ocr: bool
    label: str | None = Field(description="what is printed or said instead of the number: `iv`")


Offset = Annotated[int, Field(ge=0, le=LARGEST)]


class ImageQuery(RequestModel):
    """Which image of a page."""

    version: int | None = Field(None, ge=1, le=LARGEST, description="the shown one by default")
    start: Offset | None = Field(None, description="of the marked range in the page's text")
    end: Offset | None = Field(None, description="behind its last character")
    scale: float = Field(1.0, ge=0.1, le=3, description="1: 1.5 pixels for a point")

    @property
    def marked(self) -> tuple[int, int] | None:
        """The range to be marked, if there is one."""
        return None if self.start is None or self.end is None else (self.start, self.end)

    @model_validator(mode="after")
    def _require_a_range(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end belong together: give both, or neither")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("start must be before end")
        return self


FILE = {"type": "string", "format": "binary", "description": "a document"}
PASSWORD = {"type": "string", "maxLength": 500, "description": "of an encrypted file"}
UPLOAD_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": FILE,
                        "library": {"type": "string", "default": "default"},
                        "title": {"type": "string", "maxLength": 500},
                        "tags": {
                            "type": "array",
                            "maxItems": 50,
                            "items": {"type": "string", "maxLength": 100},
                        },
                        "password": PASSWORD,
                    },
                },
                "encoding": {"tags": {"style": "form", "explode": True}},
            }
        },
    }
}
VERSION_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {"file": FILE, "password": PASSWORD},
                }
            }
        },
    }
}

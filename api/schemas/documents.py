"""Documents, uploads and pages."""

from datetime import datetime

from pydantic import Field

from api.schemas.common import LibraryName, PageQuery, ResponseModel, Tag, Warned
from api.schemas.jobs import JobBody
from data import records
from data.records import DocumentState


class DocumentQuery(PageQuery):
    """Which documents."""

    library: LibraryName | None = None
    state: DocumentState | None = None
    tag: list[Tag] = Field([], max_length=50, description="several mean all of them")


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


FILE = {"type": "string", "format": "binary", "description": "a PDF"}
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

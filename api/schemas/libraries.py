"""Libraries."""

from datetime import datetime

from pydantic import Field

from api.schemas.common import RequestModel, ResponseModel
from api.schemas.jobs import JobBody


class NewLibrary(RequestModel):
    """A library to be made."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["contracts"])


class LibraryBody(ResponseModel):
    """A named set of documents."""

    id: str
    name: str
    created_at: datetime


class Reindexing(ResponseModel):
    """The rebuild of a library's vector index."""

    job: JobBody

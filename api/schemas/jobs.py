"""Jobs."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.common import (
    Identity,
    PageQuery,
    RequestModel,
    ResponseModel,
    Text,
    Warned,
)
from data.records import Job, JobKind, JobStage, JobState


class JobQuery(PageQuery):
    """Which jobs."""

    state: JobState | None = None
    document_id: Identity | None = None


class RetryRequest(RequestModel):
    """How a job is to be tried again."""

    password: Text | None = Field(
        None,
        max_length=500,
        repr=False,
        description="of an encrypted file; without it the one there was is kept",
    )


class Progress(ResponseModel):
    """How far a job is."""

    done: int
    total: int
    unit: Literal["pages"] = "pages"


class JobError(ResponseModel):
    """Why a job ended without success."""

    code: str
    message: str


class JobBody(ResponseModel):
    """A piece of background work."""

    id: str
    document_id: str | None
    version: int
    kind: JobKind
    state: JobState
    stage: JobStage | None
    progress: Progress
    eta_seconds: float | None
    attempts: int
    error: JobError | None
    # Why an open job last had to wait or to start again: an outage, for example.
    waiting_for: str | None
    warnings: list[Warned]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> "JobBody":
        """Return the body for a job."""
        # The message of an open job is no error: it may yet succeed.
        error = None
        if job.error_code:
            error = JobError(code=job.error_code, message=job.error_message or "")
        return cls(
            id=job.id,
            document_id=job.document_id,
            version=job.version,
            kind=job.kind,
            state=job.state,
            stage=job.stage,
            progress=Progress(done=job.done, total=job.total),
            eta_seconds=job.eta_seconds,
            attempts=job.attempts,
            error=error,
            waiting_for=None if job.state.is_final else job.error_message,
            warnings=Warned.of(job.warnings),
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
        )

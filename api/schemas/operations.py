"""Health and status of the deployment."""

from typing import Literal

from api.schemas.common import ResponseModel


class CheckBody(ResponseModel):
    """Whether something that is needed is there."""

    status: Literal["ok", "down"]
    detail: str


class HealthBody(ResponseModel):
    """Whether questions and uploads can be served."""

    status: Literal["ready", "degraded", "unavailable"]
    checks: dict[str, CheckBody]


class LiveBody(ResponseModel):
    """The process runs."""

    status: Literal["live"] = "live"


class WorkerBody(ResponseModel):
    """A worker, and how long ago it was last seen."""

    id: str
    seconds_since_seen: float


class StatusBody(ResponseModel):
    """The deployment in numbers."""

    jobs: dict[str, int]
    oldest_queued_seconds: float | None
    workers: list[WorkerBody]
    stores: dict[str, int]
    limits: dict[str, int]

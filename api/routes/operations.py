"""Health, metrics and status: for the people who run this."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import AdminDep, DrainingDep, MetricsDep, StateDep
from api.health import stopping
from api.operations import require_operator, status_of_deployment
from api.routes.responses import COMMON, Responses, errors
from api.schemas.operations import HealthBody, LiveBody, StatusBody

router = APIRouter(tags=["operations"])

UNAVAILABLE: Responses = {503: {"model": HealthBody, "description": "Nothing can be served"}}
METRICS: Responses = {
    200: {"description": "Prometheus's text format", "content": {"text/plain": {}}}
}


@router.get("/health/live")
async def show_live() -> LiveBody:
    """Say that the process runs."""
    return LiveBody()


@router.get("/health", operation_id="show_health_as_ready", responses=UNAVAILABLE)
@router.get("/health/ready", responses=UNAVAILABLE)
async def show_health(response: Response, state: StateDep, draining: DrainingDep) -> HealthBody:
    """Say whether questions and uploads can be served, and what is missing."""
    report = await state.health.report()
    if draining.begun:
        report = stopping(report)
    if report.status == "unavailable":
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return report


@router.get("/metrics", response_class=Response, responses={**METRICS, **errors(401, 403, 503)})
async def show_metrics(request: Request, state: StateDep, metrics: MetricsDep) -> Response:
    """Tell Prometheus: from this machine, or with an admin's key."""
    await require_operator(request, state.authentication)
    by_state = await state.lanes.catalogue.run(state.census.jobs_by_state)
    return Response(metrics.text(by_state), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/admin/status", responses=COMMON)
async def show_status(_key: AdminDep, state: StateDep) -> StatusBody:
    """Show the deployment in numbers."""
    return await status_of_deployment(state)

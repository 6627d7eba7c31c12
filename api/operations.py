"""The deployment in numbers, and who may see them."""

from ipaddress import ip_address

from starlette.requests import Request

from api.schemas.operations import StatusBody, WorkerBody
from api.security import Authentication, require_role
from api.state import State
from data.records import Role

# A proxy on this machine speaks for others.
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


async def require_operator(request: Request, authentication: Authentication) -> None:
    """Let pass who asks from this machine itself, or with a key of the role admin."""
    forwarded = any(name in request.headers for name in FORWARDED)
    if forwarded or not is_loopback(request.client.host if request.client else ""):
        require_role(await authentication.key_of(request.headers), Role.ADMIN)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def status_of_deployment(state: State) -> StatusBody:
    """Return the deployment in numbers."""
    run, settings = state.lanes.catalogue.run, state.settings
    seen = await run(state.stores.presence.seconds_since_seen)
    rows = await run(state.census.rows)
    return StatusBody(
        jobs=await run(state.census.jobs_by_state),
        oldest_queued_seconds=await run(state.census.oldest_queued_seconds),
        workers=[WorkerBody(id=one, seconds_since_seen=ago) for one, ago in seen.items()],
        stores={**rows, "blob_bytes": await state.lanes.blobs.run(state.stores.blobs.used_bytes)},
        limits={
            "answers_running": state.admission.running_everywhere,
            "answers_waiting": state.admission.waiting_everywhere,
            "answers_running_here": state.admission.running,
            "answers_waiting_here": state.admission.waiting,
            "max_answers_running": settings.answers.max_running,
            "max_answers_waiting": settings.answers.max_waiting,
            "max_file_bytes": settings.uploads.max_bytes,
            "max_pages": settings.parsing.max_pages,
        },
    )

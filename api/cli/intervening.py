"""``footnote cancel`` and ``footnote retry``: what people do to jobs."""

from urllib.parse import quote

from api.cli.client import Answer, connected
from api.cli.target import Target

SECONDS = 60.0


async def cancel(target: Target, job: str) -> Answer:
    """End a job that is not over, and return it."""
    return await _post(target, job, "cancel", {})


async def retry(target: Target, job: str, password: str | None) -> Answer:
    """Queue a failed or cancelled job again, and return it."""
    return await _post(target, job, "retry", {"password": password})


async def _post(target: Target, job: str, verb: str, body: dict[str, object]) -> Answer:
    async with connected(target) as client:
        return await client.post(f"/v1/jobs/{quote(job, safe='')}/{verb}", body, SECONDS)

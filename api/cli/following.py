"""A job, followed until it is final, through whatever happens to the connection."""

import asyncio
import json
from collections.abc import Callable

from api.cli.client import Answer, Client, is_passing
from data.errors import FootnoteError
from data.records import JobState

# The supervisor starts a server again within seconds; a minute is patient.
TRIES, FIRST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 33, 0.25, 2.0


async def follow(client: Client, job: Answer, seen: Callable[[Answer], None]) -> Answer:
    """Return the job when it is final; call ``seen`` with each change until then.

    A stream that breaks off is opened again. Raises when the server stays away.
    """
    failures = 0
    while not is_final(job):
        try:
            async with client.events("GET", f"/v1/jobs/{job['id']}/events") as events:
                async for event in events:
                    if event.name == "job":
                        job = json.loads(event.data)
                        failures = 0
                        seen(job)
        except FootnoteError as error:
            failures += 1
            if not is_passing(error) or failures >= TRIES:
                raise
        else:
            # The server ended a stream early, once or as a habit: do not race with it.
            failures += 1
        if not is_final(job):
            await asyncio.sleep(min(MOST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**failures))
    return job


def is_final(job: Answer) -> bool:
    """Whether the job will not change any more."""
    return JobState(job["state"]).is_final

"""``footnote reindex``: a library's vectors are stored anew, and the job followed to its end."""

from urllib.parse import quote

from api.cli.client import connected
from api.cli.following import follow
from api.cli.progress import displayed
from api.cli.target import Target
from api.cli.terminal import console, line

SECONDS = 60.0


async def reindex(target: Target, library: str) -> bool:
    """Have a library's index rebuilt from the stored vectors; return whether it was."""
    name = line(library)
    path = f"/v1/libraries/{quote(library, safe='')}/reindex"
    async with connected(target) as client:
        job = (await client.post(path, {}, SECONDS))["job"]
        with displayed(console()) as display:
            job = await follow(client, job, lambda job: display.indexed(0, name, job))
            error = job["error"] or {"code": job["state"], "message": "The job was stopped."}
            is_done: bool = job["state"] == "succeeded"
            text = "reindexed" if is_done else f"{line(error['message'])} ({error['code']})"
            display.ended(0, f"{'✓' if is_done else '✗'} {name}: {text}")
    return is_done

"""``footnote add`` and ``footnote replace``: files on their way into a library."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from api.cli.client import Answer, Client, connected, is_passing
from api.cli.counted import Counted
from api.cli.following import follow, is_final
from api.cli.progress import Display, displayed
from api.cli.target import Target
from api.cli.terminal import complain, console, line, plain, say
from data.errors import FootnoteError

UPLOADS, FOLLOWED = 4, 16
# A full queue empties, and a server that is being started again comes back.
TRIES, MOST_PAUSE_SECONDS = 8, 30.0
ADVICE = {
    "password_required": "footnote add --password-stdin FILE",
    "wrong_password": "footnote add --password-stdin FILE",
}


@dataclass(frozen=True)
class Wishes:
    """What is said about all of the files."""

    library: str | None = None
    tags: tuple[str, ...] = ()
    password: str | None = field(default=None, repr=False)
    wait: bool = True
    # The file becomes a new version of it.
    document: str | None = None

    @property
    def route(self) -> tuple[str, str]:
        """The method and the path of the upload."""
        if self.document is None:
            return "POST", "/v1/documents"
        return "PUT", f"/v1/documents/{quote(self.document, safe='')}/content"

    @property
    def fields(self) -> dict[str, str | list[str]]:
        """The form's fields, without those that nobody set."""
        said = {"library": self.library, "tags": list(self.tags), "password": self.password}
        return {name: value for name, value in said.items() if value}


async def add(target: Target, files: Sequence[Path], wishes: Wishes) -> bool:
    """Upload the files, and return whether all of them are ready (or accepted, without waiting).

    Raises when the server is away or refuses the key; what is wrong with one file is told
    at the end, and keeps no other file back.
    """
    screen = console()
    async with connected(target) as client:
        await client.get("/v1/libraries", limit=1)
        with displayed(screen) as display:
            batch = Batch(client, wishes, display)
            failures = await asyncio.gather(*(batch.bring(*each) for each in enumerate(files)))
    failed = [each for each in failures if each is not None]
    if failed:
        complain(f"{len(failed)} of {len(files)} failed:")
    for text in failed:
        complain(f"  {text}")
    if len(files) > 1 and not failed:
        say(f"All {len(files)} files are {'ready' if wishes.wait else 'accepted'}.")
    return not failed


class Batch:
    """Files that are uploaded a few at a time, and followed until they are ready."""

    def __init__(self, client: Client, wishes: Wishes, display: Display) -> None:
        self._client = client
        self._wishes = wishes
        self._display = display
        self._uploads = asyncio.Semaphore(UPLOADS)
        self._followed = asyncio.Semaphore(FOLLOWED)

    async def bring(self, number: int, path: Path) -> str | None:
        """Bring one file in; return what went wrong with it."""
        name = line(path.name)
        try:
            async with self._uploads:
                receipt = await self._sent(number, path)
            job = receipt["job"]
            if self._wishes.wait:
                async with self._followed:
                    job = await follow(
                        self._client, job, lambda job: self._display.indexed(number, name, job)
                    )
            problem = _problem(job)
            text = problem or await self._told(receipt)
        except FootnoteError as error:
            text = problem = line(told(error))
        except OSError as error:
            text = problem = f"The file can't be read ({error.strerror})."
        self._display.ended(number, f"{'✗' if problem else '✓'} {name}: {text}")
        return f"{path}: {problem}" if problem else None

    async def _sent(self, number: int, path: Path) -> Answer:
        """Upload a file; again after what passes. The same bytes twice are one document."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._send(number, path)
            except FootnoteError as error:
                if not is_passing(error) or attempt == TRIES:
                    raise
                asked = error.details.get("retry_after")
                pause = asked if isinstance(asked, float) else 0.5 * 2**attempt
            await asyncio.sleep(min(MOST_PAUSE_SECONDS, pause))
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, number: int, path: Path) -> Answer:
        name = line(path.name)
        fields = self._wishes.fields
        with Counted(path, lambda done, all_: self._display.sent(number, name, done, all_)) as file:
            return await self._client.upload(*self._wishes.route, fields, path.name, file)

    async def _told(self, receipt: Answer) -> str:
        """Return a line about a file that is in."""
        if not self._wishes.wait:
            return f"accepted as job {receipt['job']['id']}"
        document = await self._client.get(f"/v1/documents/{receipt['document']['id']}")
        size = f"{document['pages']} pages, {document['chunks']} chunks"
        warnings = "".join(f"; {line(each['message'])}" for each in document["warnings"])
        known = receipt["duplicate"] and is_final(receipt["job"])
        return f"{'already indexed' if known else 'ready'}, {size}{warnings}"


def told(error: FootnoteError) -> str:
    """Return an error's sentence, with the code that the server gave it."""
    code = error.details.get("code")
    return f"{plain(str(error))} ({code})" if code else str(error)


def _problem(job: Answer) -> str | None:
    """Return what went wrong with a job, and what to do about it."""
    if job["state"] not in ("failed", "cancelled"):
        return None
    error = job["error"] or {"code": job["state"], "message": "The job was stopped."}
    advice = ADVICE.get(error["code"])
    return f"{line(error['message'])} ({error['code']})" + (f" Try: {advice}" if advice else "")

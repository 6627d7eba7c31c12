"""A client as a sensible person writes it: it tries again, and remembers what it was told."""

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from tests.chaos.papers import Paper

TRY_AGAIN = {429, 502, 503, 504}
PATIENCE_SECONDS = 240.0
LONGEST_PAUSE_SECONDS = 3.0


@dataclass(frozen=True)
class Accepted:
    """What an answer of 202 (or 200, for bytes that are there already) promised."""

    paper: Paper
    document_id: str
    job_id: str
    version: int


class PatientClient:
    """Speaks to one workspace; may be used by several threads at once."""

    def __init__(self, address: str, key: str, library: str = "default") -> None:
        self.library = library
        self.promises: list[Accepted] = []
        # Answers that are a defect, whatever has died: a 500, or what is no answer at all.
        self.defects: list[str] = []
        self._lock = threading.Lock()
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Send a request until it is answered, through broken connections and outages."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        pause = 0.2
        while True:
            said = self._once(method, path, **how)
            if isinstance(said, httpx.Response):
                return said
            assert time.monotonic() < deadline, f"{method} {path}: {said}"
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE_SECONDS)

    def _once(self, method: str, path: str, **how: Any) -> httpx.Response | str:
        try:
            answer = self._http.request(method, path, **how)
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code == 500:
            with self._lock:
                self.defects.append(f"{method} {path}: {answer.text}")
            return answer.text
        return answer.text if answer.status_code in TRY_AGAIN else answer

    def get(self, path: str, **query: Any) -> Any:
        """Return what a path says."""
        answer = self.send("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, paper: Paper) -> Accepted:
        """Upload a paper into the library."""
        fields = {"library": self.library}
        if paper.password:
            fields["password"] = paper.password
        return self._accepted("POST", "/v1/documents", paper, data=fields)

    def replace(self, document_id: str, paper: Paper) -> Accepted:
        """Upload a new version of a document."""
        return self._accepted("PUT", f"/v1/documents/{document_id}/content", paper)

    def _accepted(self, method: str, path: str, paper: Paper, **how: Any) -> Accepted:
        file = (paper.name, paper.pdf(), "application/pdf")
        answer = self.send(method, path, files={"file": file}, **how)
        assert answer.status_code in (200, 202), answer.text
        body = answer.json()
        job = body["job"]
        promise = Accepted(paper, body["document"]["id"], job["id"], job["version"])
        with self._lock:
            self.promises.append(promise)
        return promise

    def finished(self, job_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait for a job's final state, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            job: dict[str, Any] = self.get(f"/v1/jobs/{job_id}")
            if job["state"] not in ("queued", "running"):
                return job
            assert time.monotonic() < deadline, f"The job did not end: {job}"
            time.sleep(0.2)

    def everything(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Return all items of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            where = {"cursor": cursor} if cursor else {}
            page = self.get(path, limit=100, **where, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def search(self, query: str, limit: int = 20) -> list[dict[str, Any]]:
        """Return the passages that are found in the library."""
        body = {"query": query, "libraries": [self.library], "limit": limit}
        answer = self.send("POST", "/v1/search", json=body)
        assert answer.status_code == 200, answer.text
        passages: list[dict[str, Any]] = answer.json()["passages"]
        return passages

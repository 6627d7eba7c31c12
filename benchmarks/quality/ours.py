"""Footnote, spoken to over HTTP as a user would."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Any, TypeVar

import httpx

from benchmarks.asking import lines
from benchmarks.quality.exams import WITHIN, Corpus
from benchmarks.quality.questions import Question
from tests.running_stack import RunningStack, events

T = TypeVar("T")
Place = tuple[str, int]

_JOB_SECONDS = 3600.0
_TELL_EVERY_SECONDS = 15.0
_TRIES = 5
_TRY_AGAIN = (429, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a question."""

    question: Question
    body: dict[str, Any]

    @property
    def abstained(self) -> bool:
        return bool(self.body["abstained"])

    @property
    def citations(self) -> list[dict[str, Any]]:
        return list(self.body["citations"])

    @property
    def evidence(self) -> float | None:
        """How much evidence the service saw, where it tells."""
        told = self.body.get("evidence")
        return None if told is None else float(told)

    @property
    def sources(self) -> list[Place]:
        return [(one["filename"], one["page"]) for one in self.body["sources"]]


class Service:
    """A running stack, and the ids that it gave to the files."""

    def __init__(self, stack: RunningStack, client: httpx.Client) -> None:
        self._stack = stack
        self._client = client
        self._ids: dict[tuple[str, str], str] = {}
        self._pages: dict[tuple[str, int, int], str] = {}

    def index(self, corpus: Corpus) -> dict[str, Any]:
        """Upload what is not there yet, wait for it, and tell what became of it."""
        started = time.perf_counter()
        self._client.post("/v1/libraries", json={"name": corpus.library})
        jobs = {}
        for path in corpus.pdfs:
            body = self._stack.upload(self._client, path, library=corpus.library)
            self._ids[corpus.library, path.name] = body["document"]["id"]
            jobs[path.name] = body["job"]["id"]
        failed = {}
        for name, job in shown(list(jobs.items()), f"{corpus.library}: files indexed"):
            ended = self._stack.finished(self._client, job, seconds=_JOB_SECONDS)
            if ended["state"] != "succeeded":
                failed[name] = (ended["error"] or {}).get("code", ended["state"])
        seconds = time.perf_counter() - started
        documents = [self._get(f"/v1/documents/{self._ids[corpus.library, name]}") for name in jobs]
        return {
            "files": len(jobs),
            "pages": sum(one["pages"] or 0 for one in documents),
            "chunks": sum(one["chunks"] or 0 for one in documents),
            "failed": failed,
            "seconds": round(seconds, 1),
        }

    def found(self, library: str, question: Question, scope: str) -> list[Place]:
        """Return where the passages stand, best first; a follow-up's are its answer's sources."""
        if question.history:
            return self.answer(library, question, scope).sources
        asked = {"query": question.text, "limit": 100, **self._scope(library, question, scope)}
        passages = self._post("/v1/search", asked)["passages"]
        return [(one["filename"], one["page"]) for one in passages]

    def answer(self, library: str, question: Question, scope: str) -> Answer:
        asked = {
            "question": question.text,
            "history": [asdict(turn) for turn in question.history],
            "stream": False,
            **self._scope(library, question, scope),
        }
        return Answer(question, self._post("/v1/ask", asked))

    def page_text(self, document: str, version: int, page: int) -> str:
        """Return a page's text; a text that was asked for is kept."""
        place = (document, version, page)
        if place not in self._pages:
            address = f"/v1/documents/{document}/pages/{page}?version={version}"
            self._pages[place] = self._get(address)["text"]
        return self._pages[place]

    def sources_ms(self, library: str, questions: Sequence[Question]) -> list[float]:
        """Ask one after the other, and return after how long each one's sources came."""
        took = []
        connection = HTTPConnection("127.0.0.1", self._stack.port, timeout=60)
        for question in questions:
            sent = time.perf_counter()
            asked = lines(
                connection, "/v1/ask", question.text, self._stack.key, libraries=[library]
            )
            took += [
                (time.perf_counter() - sent) * 1000
                for name, _ in events(asked)
                if name == "sources"
            ]
        connection.close()
        return took

    def _scope(self, library: str, question: Question, scope: str) -> dict[str, Any]:
        inside = question.document if scope == WITHIN else None
        ids = [self._ids[library, inside]] if inside else []
        return {"libraries": [library], "document_ids": ids}

    def _get(self, address: str) -> dict[str, Any]:
        return self._body(lambda: self._client.get(address))

    def _post(self, address: str, asked: dict[str, Any]) -> dict[str, Any]:
        return self._body(lambda: self._client.post(address, json=asked))

    def _body(self, send: Callable[[], httpx.Response]) -> dict[str, Any]:
        """Return what is answered; what only wants another try gets some."""
        response = send()
        for _ in range(_TRIES):
            if response.status_code not in _TRY_AGAIN:
                break
            print(f"again, after {response.status_code}: {response.text}", file=sys.stderr)
            time.sleep(float(response.headers.get("Retry-After", 1)))
            response = send()
        if response.is_error:
            raise RuntimeError(f"{response.request.url.path}: {response.text}")
        body: dict[str, Any] = response.json()
        return body


def shown(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items, and tell on standard error now and then how far it is."""
    started = told = time.monotonic()
    for done, item in enumerate(items):
        if time.monotonic() - told > _TELL_EVERY_SECONDS:
            told = time.monotonic()
            print(f"{what}: {done} of {len(items)}", file=sys.stderr, flush=True)
        yield item
    seconds = time.monotonic() - started
    print(f"{what}: {len(items)}, {seconds:.0f} s", file=sys.stderr, flush=True)

"""The application on real stores, with a search and a model that tests direct."""

import asyncio
import secrets
import shutil
import socket
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import insert

from api.app import create_app
from api.doorbell import SharedDoorbell
from api.feed import JobFeed
from api.health import Check, Health
from api.images import open_images
from api.lifespan import open_admission, open_lanes, open_recordings, open_verifier
from api.metrics import Metrics
from api.resuming import Resuming
from api.security import Authentication
from api.state import Lifespan, State
from api.streams import Streams
from api.uploads import Uploads
from data.census import Census
from data.contents import About, FileFacts, Page, Profile
from data.database import clock
from data.errors import BrokerUnavailable, Unavailable
from data.keys import insert_key, new_secret
from data.libraries import insert_library
from data.records import Claim, Effort, JobStage, Role
from data.settings import Settings, UploadSettings
from data.setup import prepare
from data.stores import Stores, open_stores
from data.tables import workspaces
from ingestion.intake import Intake
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.deadline import Deadline
from retrieval.models.model import Finish, Task
from retrieval.passages import Found, Passage, Scope, Span

PDF = b"%PDF-1.7\nnot much of one\n%%EOF\n"
TEXT = "Bees fly at nine degrees.\nThey rest at night."


class FakeBell:
    """Counts rings, or is away."""

    def __init__(self) -> None:
        self.rings = 0
        self.away = False

    def ring(self) -> None:
        if self.away:
            raise BrokerUnavailable
        self.rings += 1


class FakeSearcher:
    """Finds what it was told to find, or fails as it was told to."""

    def __init__(self) -> None:
        self.passages: tuple[Passage, ...] = ()
        self.error: Exception | None = None
        self.wait: asyncio.Event | None = None
        self.asked: list[tuple[Scope, str, int]] = []
        self.cancelled = threading.Event()

    async def search(self, scope: Scope, query: str, limit: int) -> Found:
        self.asked.append((scope, query, limit))
        if self.error:
            raise self.error
        if self.wait:
            try:
                await self.wait.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        found = self.passages[:limit]
        return Found(found, {"dense": 1.5}, best_similarity=0.9, ready=bool(self.passages))

    async def passages_for_answer(
        self, scope: Scope, query: str, limit: int, *, second_look: bool
    ) -> Found:
        return await self.search(scope, query, limit)


class FakeModel:
    """Writes the pieces that it was given, then waits, fails or finishes."""

    name = "scripted"

    def __init__(self) -> None:
        self.pieces: list[str] = ["Bees fly at nine degrees. [1]"]
        self.error: Exception | None = None
        self.finish = Finish({"completion_tokens": 3})
        self.hangs = False
        self.tasks: list[Task] = []
        self.started = threading.Event()
        self.stopped = threading.Event()

    async def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        self.tasks.append(task)
        self.started.set()
        try:
            for piece in self.pieces:
                yield piece
            if self.hangs:
                await deadline.wait(asyncio.Event().wait())
            if self.error:
                raise self.error
            yield self.finish
        finally:
            self.stopped.set()


@dataclass
class Service:
    """An application that tests can direct and look into."""

    settings: Settings
    stores: Stores
    workspace: str
    key: str
    bell: FakeBell = field(default_factory=FakeBell)
    searcher: FakeSearcher = field(default_factory=FakeSearcher)
    model: FakeModel = field(default_factory=FakeModel)
    down: set[str] = field(default_factory=set)
    fresh_seconds: float = 0.0
    # With other processes, over the broker.
    shares_limits: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def new_key(self, role: Role, workspace: str = "") -> dict[str, str]:
        """Return the headers of a new key."""
        secret = new_secret()
        with self.stores.database.write() as connection:
            insert_key(connection, workspace or self.workspace, role, "test", secret)
        return {"Authorization": f"Bearer {secret}"}

    def new_workspace(self) -> str:
        identity = f"ws-{secrets.token_hex(8)}"
        with self.stores.database.write() as connection:
            row = {"id": identity, "name": "another", "created_at": clock()}
            connection.execute(insert(workspaces).values(row))
            insert_library(connection, identity, "default")
        return identity

    def claim(self) -> Claim:
        claim = self.stores.claims.claim()
        assert claim is not None
        return claim

    def index(self, *texts: str) -> None:
        """Take the queued ingest job to its published version, as a worker does."""
        claim = self.claim()
        pages = [Page(number, text, b"\0" * 8 * len(text)) for number, text in enumerate(texts, 1)]
        self.stores.versions.write_pages(claim, pages, FileFacts(len(pages)), Effort())
        self.stores.versions.write_profile(
            self.claim(), Profile("Title", about=About(company="Hive Ltd", kind="annual report"))
        )
        writing = self.claim()
        self.stores.claims.checkpoint(writing, JobStage.EMBEDDING, len(pages), len(pages))
        self.stores.catalogue.publish(self.claim(), len(pages), 0, ())

    def find(self, document_id: str, text: str = TEXT) -> Passage:
        """Have the search find the first page of a document."""
        passage = Passage(
            chunk_id=f"{document_id}-1-0",
            document_id=document_id,
            version=1,
            filename="bees.pdf",
            title=None,
            library="default",
            page=1,
            page_end=1,
            section="Bees",
            text=text,
            score=0.03,
            ranks={"dense": 1},
            spans=(Span(1, 0, len(text)),),
        )
        self.searcher.passages = (passage,)
        return passage

    def check(self, name: str) -> Check:
        async def check() -> str:
            if name in self.down:
                raise Unavailable(f"The {name} is away.")
            return "It answers."

        return check

    def staged(self) -> list[Path]:
        """Return the files that are being received or were left behind."""
        return list((self.settings.folder / "blobs" / ".staging").iterdir())

    def kept(self) -> list[Path]:
        """Return the files that belong to documents."""
        blobs = self.settings.folder / "blobs"
        return [p for p in blobs.rglob("*") if p.is_file() and ".staging" not in p.parts]

    @property
    def lifespan(self) -> Lifespan:
        return self._serving

    async def _admission(self, settings: Settings, stack: AsyncExitStack) -> Admission:
        if self.shares_limits:
            return await open_admission(settings, Metrics(), stack)
        return Admission(settings.answers)

    @asynccontextmanager
    async def _serving(self, settings: Settings, metrics: Metrics) -> AsyncIterator[State]:
        stores = self.stores
        async with AsyncExitStack() as stack:
            lanes = await open_lanes(settings, stack)
            admission = await self._admission(settings, stack)
            ring = SharedDoorbell(self.bell.ring).ring
            verifier = open_verifier(stores, lanes.catalogue)
            streams = await stack.enter_async_context(Streams(settings.api))
            recordings = await stack.enter_async_context(open_recordings(settings))
            checks = ("index", "broker", "lexical", "workers", "embedder", "model")
            known = {name: self.check(name) for name in (*checks, "catalogue", "blobs")}
            yield State(
                settings=settings,
                stores=stores,
                census=Census(stores.database),
                lanes=lanes,
                authentication=Authentication(stores.keys, lanes.catalogue),
                uploads=Uploads(stores.blobs, stores.acceptance, lanes.blobs, settings.uploads),
                intake=Intake(stores.acceptance, stores.blobs, stores.secrets, stores.rings, ring),
                ring=ring,
                searcher=self.searcher,
                answerer=Answerer(
                    self.searcher, [self.model], verifier, admission, settings.search
                ),
                admission=admission,
                feed=await stack.enter_async_context(JobFeed(stores.jobs, lanes.catalogue, 0.02)),
                streams=streams,
                resuming=await stack.enter_async_context(Resuming(recordings, streams, metrics)),
                health=Health(known, self.fresh_seconds),
                images=await stack.enter_async_context(
                    open_images(settings, stores, lanes.catalogue)
                ),
            )


@pytest.fixture(scope="session")
def prepared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("prepared") / "home"
    prepare(Settings(home=home))
    return home


@pytest.fixture
def settings(prepared_home: Path, tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    shutil.copytree(prepared_home, home)
    return Settings(home=home, uploads=UploadSettings(max_bytes=8_000_000, min_free_bytes=0))


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    secret = (settings.folder / "admin.key").read_text().strip()
    with open_stores(settings) as stores:
        key = stores.keys.find(secret)
        assert key is not None
        yield Service(settings, stores, key.workspace, secret)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the admin's key, in the same event loop as the application."""
    app = create_app(service.settings, service.lifespan)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000), raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://footnote.test", headers=service.headers
        ) as client,
    ):
        yield client


@contextmanager
def serving_at(service: Service) -> Iterator[tuple[str, int]]:
    """Run a real server of the application, and give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(service.settings, service.lifespan)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield ("127.0.0.1", listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def address(service: Service) -> Iterator[tuple[str, int]]:
    """Where a real server serves the application."""
    with serving_at(service) as where:
        yield where


@pytest.fixture
def remote(service: Service, address: tuple[str, int]) -> Iterator[httpx.Client]:
    """A client of the real server, with the admin's key."""
    base_url = f"http://{address[0]}:{address[1]}"
    with httpx.Client(base_url=base_url, headers=service.headers, trust_env=False) as client:
        yield client


Upload = Callable[..., Any]


@pytest.fixture
def pdf() -> bytes:
    return PDF


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def ready(remote: httpx.Client, service: Service, pdf: bytes, text: str) -> str:
    """The id of a document that the search finds."""
    files = {"file": ("bees.pdf", pdf)}
    document: str = remote.post("/v1/documents", files=files).json()["document"]["id"]
    service.index(text)
    service.find(document)
    return document


@pytest.fixture
async def document(client: httpx.AsyncClient, service: Service) -> dict[str, Any]:
    """A document whose one page is ready."""
    files = {"file": ("bees.pdf", PDF)}
    uploaded = (await client.post("/v1/documents", files=files)).json()
    service.index(TEXT)
    body: dict[str, Any] = (await client.get(f"/v1/documents/{uploaded['document']['id']}")).json()
    return body

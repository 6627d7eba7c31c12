"""Opens what the API works with, joins it, and closes it in reverse."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from api import checks
from api.doorbell import SharedDoorbell
from api.feed import JobFeed
from api.garbage import calm
from api.health import Health
from api.images import open_images
from api.metrics import Metrics
from api.resuming import Resuming
from api.security import Authentication
from api.state import Lanes, State
from api.streams import Streams
from api.uploads import Uploads
from api.wholeness import Wholeness
from data.census import Census
from data.contents import Page, Vectors
from data.ephemeral import Ephemeral
from data.lexical_follower import LexicalFollower
from data.libraries import Libraries
from data.logs import configure_logs
from data.quota import Quota
from data.recordings import Recordings
from data.settings import Settings
from data.setup_errors import FingerprintMismatch
from data.stores import Stores, open_stores
from data.vectors import VectorIndex
from ingestion.intake import Intake
from retrieval.admission import Admission
from retrieval.answering import Answerer
from retrieval.citations import PageKey
from retrieval.embedding import Embedder
from retrieval.encoding import QueryEncoder
from retrieval.exact import ExactSearch
from retrieval.known import KnownChunks
from retrieval.lanes import Lane
from retrieval.legs import DenseLeg, LexicalLeg
from retrieval.models.breaker import Circuit
from retrieval.models.extractive import ExtractiveModel
from retrieval.models.opening import Models, opened_models
from retrieval.neighbours import NeighbourBatcher
from retrieval.search import Searcher
from retrieval.second_look import SecondLook
from retrieval.targets import Targets
from retrieval.verification import Verifier
from workers.queue import Doorbell

# Only admission refuses: the lines take several calls of each question that it lets in.
CALLS_OF_A_QUESTION = 4


@asynccontextmanager
async def serving(settings: Settings, metrics: Metrics) -> AsyncIterator[State]:
    """Give the state of a process that serves.

    Raises ``SetupError`` when it could not serve rightly: another schema, another model.
    """
    configure_logs(settings.logs)
    async with AsyncExitStack() as stack:
        stores = stack.enter_context(open_stores(settings))
        lanes = await open_lanes(settings, stack)
        encoder = await open_encoder(settings, metrics, stores, lanes, stack)
        vectors = VectorIndex(settings.index_url, settings.index)
        stack.push_async_callback(vectors.close)
        wholeness = Wholeness(vectors, stores, lanes.checks)
        stack.push_async_callback(wholeness.close)
        ephemeral = Ephemeral(settings.broker_url, settings.broker)
        stack.push_async_callback(ephemeral.close)
        follower = stack.enter_context(
            LexicalFollower(settings.folder / "lexical", stores.catalogue, stores.visibility)
        )
        searcher = open_searcher(settings, stores, lanes, vectors, follower, encoder, stack)
        models = await open_models(settings, metrics, encoder, stack)
        verifier = open_verifier(stores, lanes.catalogue)
        admission = await open_admission(settings, metrics, stack)
        feed = await stack.enter_async_context(JobFeed(stores.jobs, lanes.catalogue))
        streams = await stack.enter_async_context(Streams(settings.api))
        recordings = await stack.enter_async_context(open_recordings(settings))
        ring = open_doorbell(settings, stack)
        stack.enter_context(calm())
        yield State(
            settings=settings,
            stores=stores,
            census=Census(stores.database),
            lanes=lanes,
            authentication=Authentication(stores.keys, lanes.catalogue),
            uploads=Uploads(stores.blobs, stores.acceptance, lanes.blobs, settings.uploads),
            intake=Intake(stores.acceptance, stores.blobs, stores.secrets, stores.rings, ring),
            ring=ring,
            searcher=searcher,
            answerer=Answerer(searcher, models.askable, verifier, admission, settings.search),
            admission=admission,
            feed=feed,
            streams=streams,
            resuming=await stack.enter_async_context(Resuming(recordings, streams, metrics)),
            health=Health(
                {
                    "catalogue": checks.of_catalogue(stores.database, lanes.checks),
                    "blobs": checks.of_blobs(stores.blobs, lanes.checks),
                    "broker": checks.of_broker(ephemeral),
                    "index": checks.of_index(vectors, wholeness),
                    "lexical": checks.of_lexical(follower),
                    "workers": checks.of_workers(stores.presence, lanes.checks),
                    "embedder": checks.of_embedder(encoder),
                    "model": checks.of_model(models),
                }
            ),
            images=await stack.enter_async_context(open_images(settings, stores, lanes.catalogue)),
        )


async def open_lanes(settings: Settings, stack: AsyncExitStack) -> Lanes:
    """Return the lanes, which close with the stack."""
    waiting = CALLS_OF_A_QUESTION * (settings.answers.max_running + settings.answers.max_waiting)

    async def lane(name: str, threads: int) -> Lane:
        return await stack.enter_async_context(Lane(name, threads, waiting))

    return Lanes(
        catalogue=await lane("catalogue", 4),
        lexical=await lane("lexical", 2),
        # The embedder takes one call at a time.
        embedder=await lane("embedder", 1),
        blobs=await lane("blobs", 4),
        checks=await lane("checks", 2),
    )


async def open_encoder(
    settings: Settings, metrics: Metrics, stores: Stores, lanes: Lanes, stack: AsyncExitStack
) -> QueryEncoder:
    """Return the encoder of queries: warm, and its vectors are those of the libraries."""
    embedder = await lanes.embedder.run(_open_embedder, settings)
    stack.callback(embedder.close)
    await lanes.catalogue.run(require_fingerprint, stores.libraries, embedder.fingerprint)

    async def encode(texts: Sequence[str]) -> Vectors:
        if texts:
            metrics.note_batch(len(texts))
        return await lanes.embedder.run(embedder.encode_queries, texts)

    encoder = QueryEncoder(settings.batching, encode)
    stack.push_async_callback(encoder.aclose)
    return encoder


async def open_admission(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> Admission:
    """Return the admission, which shares its bounds with the other processes."""
    quota = Quota(settings.broker_url, settings.answers)
    stack.push_async_callback(quota.close)
    admission = Admission(settings.answers, quota, metrics)
    await stack.enter_async_context(admission.opened())
    return admission


def open_searcher(
    settings: Settings,
    stores: Stores,
    lanes: Lanes,
    index: VectorIndex,
    follower: LexicalFollower,
    encoder: QueryEncoder,
    stack: AsyncExitStack,
) -> Searcher:
    """Return the search over both legs."""
    visibility, lane = stores.visibility, lanes.catalogue
    neighbours = NeighbourBatcher(settings.batching, index)
    targets = Targets(
        *(stores.libraries, visibility, stores.catalogue, lane),
        *(settings.search, settings.batching),
    )
    for batcher in (neighbours, targets):
        stack.push_async_callback(batcher.aclose)
    return Searcher(
        targets,
        KnownChunks(visibility, lane),
        DenseLeg(encoder, neighbours, ExactSearch(visibility, lane)),
        LexicalLeg(follower, lanes.lexical, settings.search),
        SecondLook(encoder, settings.search),
        settings.search,
    )


def open_recordings(settings: Settings) -> Recordings:
    """Return where answers are kept that may be taken up."""
    return Recordings(settings.broker_url, settings.broker, settings.answers)


def open_doorbell(settings: Settings, stack: AsyncExitStack) -> Callable[[], None]:
    """Return how to ring."""
    bell = Doorbell(settings.broker_url, settings.broker)
    stack.callback(bell.close)
    return SharedDoorbell(bell.ring).ring


def require_fingerprint(libraries: Libraries, fingerprint: str) -> None:
    """Raise ``FingerprintMismatch`` when a library's vectors are of another model."""
    other = [one.name for one in libraries.every() if one.fingerprint not in ("", fingerprint)]
    if other:
        raise FingerprintMismatch(
            f"The library “{other[0]}” was embedded with another model than the configured one. "
            "Configure that model again.",
            libraries=len(other),
        )


async def open_models(
    settings: Settings, metrics: Metrics, encoder: QueryEncoder, stack: AsyncExitStack
) -> Models:
    """Return the models that clients may ask for."""

    def note(place: int, circuit: Circuit) -> None:
        metrics.note_breaker(place, circuit.value)

    models = opened_models(settings.model, ExtractiveModel(encoder.encode_many), note)
    return await stack.enter_async_context(models)


def open_verifier(stores: Stores, lane: Lane) -> Verifier:
    """Return the verifier, which reads pages from the catalogue."""

    async def read_pages(workspace: str, pages: list[PageKey]) -> dict[PageKey, Page]:
        return await lane.run(stores.documents.pages, workspace, pages)

    return Verifier(read_pages)


def _open_embedder(settings: Settings) -> Embedder:
    embedder = settings.embedder.model_copy(update={"threads": settings.query_threads})
    return Embedder.open(embedder, settings.folder, throughput=False)

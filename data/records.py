"""Frozen records: what the layers hand to each other."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from data.contents import About, FileFacts


class Role(StrEnum):
    """What a key may do; each role may do what the later ones may."""

    ADMIN = "admin"
    EDITOR = "editor"
    READER = "reader"


class DocumentState(StrEnum):
    """Where a document stands, as clients see it."""

    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"


class JobKind(StrEnum):
    """What a job does."""

    INGEST = "ingest"
    PURGE = "purge"
    REINDEX = "reindex"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the job will never change again by itself."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class JobStage(StrEnum):
    """What a running job is at."""

    PARSING = "parsing"
    EMBEDDING = "embedding"
    INDEXING = "indexing"


@dataclass(frozen=True, slots=True)
class Key:
    """Who is asking."""

    id: str
    workspace: str
    role: Role
    name: str


@dataclass(frozen=True, slots=True)
class Library:
    """A named set of documents, and the Chroma collection that follows it."""

    id: str
    workspace: str
    name: str
    fingerprint: str
    generation: int
    chroma_server: str
    created_at: datetime
    # The generation that a reindex job fills beside the live one.
    building: int | None = None
    # Vectors removed from the live generation; Chroma keeps their bytes until it is rebuilt.
    dead: int = 0

    @property
    def collection(self) -> str:
        """The name of its live Chroma collection; never a user's words."""
        return self.collection_of(self.generation)

    @property
    def collections(self) -> tuple[str, ...]:
        """The collections that are to hold its vectors: the live one, and one being built."""
        building = () if self.building is None else (self.collection_of(self.building),)
        return (self.collection, *building)

    @property
    def prefix(self) -> str:
        """What the names of all its collections begin with."""
        return f"fn-{self.id}-"

    def collection_of(self, generation: int) -> str:
        """Return the name of a generation's collection."""
        return f"{self.prefix}{self.fingerprint[:8]}-{generation}"


@dataclass(frozen=True, slots=True)
class PageWarning:
    """Something that a person should know about some pages."""

    code: str
    message: str
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document as clients see it; ``version`` is the published one, else the latest."""

    id: str
    library_id: str
    library: str
    filename: str
    title: str | None
    tags: tuple[str, ...]
    media_type: str
    bytes: int
    sha256: str
    version: int
    state: DocumentState
    pages: int
    chunks: int
    warnings: tuple[PageWarning, ...]
    created_at: datetime
    updated_at: datetime
    about: About = field(default_factory=About)


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of background work as clients see it."""

    id: str
    # None: the job is about a whole library.
    document_id: str | None
    version: int
    kind: JobKind
    state: JobState
    stage: JobStage | None
    done: int
    total: int
    eta_seconds: float | None
    attempts: int
    error_code: str | None
    error_message: str | None
    warnings: tuple[PageWarning, ...]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    # The catalogue's counter when the row last changed; orders a job's events.
    changed: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the next slice of a job, while ``token`` is its latest."""

    job_id: str
    workspace: str
    # Empty: the job is about the whole library.
    document_id: str
    library_id: str
    version: int
    kind: JobKind
    stage: JobStage | None
    token: int
    # Pages that the stage has finished, of how many.
    cursor: int
    total: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an upload is answered with."""

    document: Document
    job: Job
    duplicate: bool
    # The same bytes were sent again onto a failed document: queued once more.
    requeued: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Which version of a document an upload is, or would become."""

    version: int
    # The document has it already.
    is_known: bool


@dataclass(frozen=True, slots=True)
class StagedFile:
    """An upload that is on disk, hashed, and not yet anybody's."""

    name: str
    bytes: int
    sha256: str
    media_type: str


# A password, encrypted.
Sealed = bytes


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The original bytes of a version, how they were named, and what opens them."""

    key: str
    filename: str
    media_type: str
    bytes: int
    version: int
    password: Sealed | None


@dataclass(frozen=True, slots=True)
class Source:
    """What an ingest job reads."""

    key: str
    filename: str
    media_type: str
    # What the uploader calls it, and what the file says of itself.
    title: str | None
    facts: FileFacts
    password: Sealed | None
    # What its slices took so far.
    reading_seconds: float
    ocr_seconds: float


@dataclass(frozen=True, slots=True)
class Effort:
    """What a slice took, in seconds: of reading, and of OCR, which is not part of it."""

    reading: float = 0.0
    ocr: float = 0.0


@dataclass(frozen=True, slots=True)
class UploadFields:
    """What a client says about the file that it uploads."""

    filename: str
    library: str = "default"
    title: str | None = None
    tags: tuple[str, ...] = ()
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A step of the catalogue that the lexical index follows, in the order of ``sequence``."""

    sequence: int
    document_id: str
    version: int
    # Otherwise the version's rows are to be removed.
    published: bool

    @property
    def mark(self) -> str:
        """What no other catalogue has at this place of its sequence."""
        return f"{self.document_id}-{self.version}-{self.published:d}"

"""The catalogue's tables. Times are seconds since 1970 by the database's clock."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    # When a job of it was last claimed: the least recently served goes first.
    Column("served_at", Double, nullable=False, server_default="0"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    # SHA-256 of the key (256 random bits, so no salt is needed), in hexadecimal.
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
)

libraries = Table(
    "libraries",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("name", String(63), nullable=False),
    # Of the embedding model; empty until the first document is embedded.
    Column("fingerprint", String(64), nullable=False, server_default=""),
    Column("generation", Integer, nullable=False, server_default="1"),
    # The generation that a reindex job fills beside the live one.
    Column("building", Integer),
    # Vectors that were removed from the live generation: Chroma keeps their bytes.
    Column("dead", Integer, nullable=False, server_default="0"),
    # Which Chroma server holds it; empty: the only one.
    Column("chroma_server", Text, nullable=False, server_default=""),
    Column("created_at", Double, nullable=False),
    Column("deleted_at", Double),
)
Index(
    "uq_libraries_live_name",
    libraries.c.workspace_id,
    libraries.c.name,
    unique=True,
    sqlite_where=libraries.c.deleted_at.is_(None),
    postgresql_where=libraries.c.deleted_at.is_(None),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    Column("library_id", ForeignKey("libraries.id"), nullable=False, index=True),
    Column("filename", Text, nullable=False),
    Column("title", Text),
    Column("tags", JSON, nullable=False),
    # Of the latest version: what a new upload is compared with.
    Column("sha256", String(64), nullable=False),
    Column("latest_version", Integer, nullable=False),
    # The highest number that an upload was given; there may be no such version (yet).
    Column("reserved_version", Integer, nullable=False, server_default="0"),
    # What readers see; NULL until a version is complete.
    Column("published_version", Integer),
    Column("state", String(16), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted_at", Double),
    Index("ix_documents_newest", "workspace_id", "created_at", "id"),
)
Index(
    "uq_documents_live_bytes",
    documents.c.library_id,
    documents.c.sha256,
    unique=True,
    sqlite_where=documents.c.deleted_at.is_(None),
    postgresql_where=documents.c.deleted_at.is_(None),
)

document_tags = Table(
    "document_tags",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Text, primary_key=True, index=True),
)

versions = Table(
    "versions",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("bytes", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    # What the document is called from this version on; NULL: as before.
    Column("filename", Text),
    # AES-GCM under the deployment's secret key; NULL without a password.
    Column("password", LargeBinary),
    # What the file calls itself, then what its profile makes of that.
    Column("title", Text),
    # What else the file says of itself, and what its profile makes of that (data/contents.py).
    Column("facts", JSON),
    Column("about", JSON),
    Column("profile", JSON),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("chunks", Integer, nullable=False, server_default="0"),
    Column("warnings", JSON, nullable=False),
    # What its slices took so far: of reading, and of OCR.
    Column("reading_seconds", Double, nullable=False, server_default="0"),
    Column("ocr_seconds", Double, nullable=False, server_default="0"),
    Column("created_at", Double, nullable=False),
    Column("superseded_at", Double),
)
# Few at a time: the rows go a day later.
Index(
    "ix_versions_superseded_at",
    versions.c.superseded_at,
    sqlite_where=versions.c.superseded_at.is_not(None),
    postgresql_where=versions.c.superseded_at.is_not(None),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("workspace_id", ForeignKey("workspaces.id"), nullable=False),
    # No foreign keys: job rows outlive a purge.
    Column("library_id", String(40), nullable=False),
    Column("document_id", String(40), index=True),
    Column("version", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    # Of the file: what may wait is bounded.
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False),
    Column("stage", String(16)),
    # Pages that the stage has finished, of how many.
    Column("cursor", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    # When the stage last got on, and the seconds that it lately took for a page.
    Column("checkpoint_at", Double),
    Column("pace", Double),
    Column("slices", Integer, nullable=False, server_default="0"),
    # Claims since the last checkpoint.
    Column("attempts", Integer, nullable=False, server_default="0"),
    # The fencing token: counts claims; only the holder of the latest may write.
    Column("token", Integer, nullable=False, server_default="0"),
    # Which worker claimed it last, and until when it is its own.
    Column("worker", String(80)),
    Column("lease_until", Double),
    Column("not_before", Double, nullable=False, server_default="0"),
    Column("rung_at", Double),
    Column("error_code", String(40)),
    Column("error_message", Text),
    Column("warnings", JSON, nullable=False),
    Column("changed", BigInteger, nullable=False, index=True),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("finished_at", Double),
    Index("ix_jobs_newest", "workspace_id", "created_at", "id"),
    Index(
        "ix_jobs_open",
        "workspace_id",
        "slices",
        "created_at",
        sqlite_where=text("state IN ('queued', 'running')"),
        postgresql_where=text("state IN ('queued', 'running')"),
    ),
)

pages = Table(
    "pages",
    metadata,
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    # One box per character, packed (data/boxes.py).
    Column("boxes", LargeBinary, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("ocr", Boolean, nullable=False),
    Column("warning", String(40)),
    Column("label", Text),
)

chunks = Table(
    "chunks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("library_id", String(40), nullable=False),
    Column("document_id", ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    # Code points of the page's text: [[start, end], …].
    Column("ranges", JSON, nullable=False),
    Column("section", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("uq_chunks_number", "document_id", "version", "number", unique=True),
    Index("ix_chunks_page", "document_id", "version", "page"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("chunk_id", ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    # SHA-256 of the fingerprint and the embedded text: equal ones are not embedded again.
    Column("reuse_key", String(64), nullable=False),
    # float16, little endian.
    Column("vector", LargeBinary, nullable=False),
    Index("ix_vectors_reuse", "workspace_id", "reuse_key"),
)

# Rows are incremented inside the transaction that they number, and so held to its commit:
# unlike a PostgreSQL sequence, their order is the commits' order.
counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("document_id", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("published", Boolean, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", Double, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("seen_at", Double, nullable=False),
    Column("started_at", Double, nullable=False),
    # When it last claimed a job.
    Column("active_at", Double),
)

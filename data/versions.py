"""A version while it is being read: its file, its pages and its profile."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from data.claims import checkpoint, require_held
from data.contents import FileFacts, Heading, OutlineEntry, Page, Profile
from data.database import Database
from data.documents import about_of, page_of
from data.errors import ClaimLost
from data.records import Claim, Effort, JobStage, Source
from data.tables import documents, pages, versions

# Pages of one write transaction, so that it stays under 20 ms.
ROWS = 20


class Versions:
    """Reads and writes what the holder of a claim works on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def source(self, claim: Claim) -> Source:
        """Return where the version's file is, and what the uploader said of it."""
        statement = (
            select(
                func.coalesce(versions.c.filename, documents.c.filename).label("filename"),
                documents.c.title,
                versions.c.media_type,
                versions.c.facts,
                versions.c.password,
                versions.c.reading_seconds,
                versions.c.ocr_seconds,
            )
            .join(versions, versions.c.document_id == documents.c.id)
            .where(*_this(claim))
        )
        with self._database.read() as connection:
            row = connection.execute(statement).first()
        if row is None:
            raise ClaimLost
        return Source(
            key=f"{claim.workspace}/{claim.document_id}/{claim.version}",
            filename=row.filename,
            media_type=row.media_type,
            title=row.title,
            facts=_facts_of(row.facts),
            password=row.password,
            reading_seconds=row.reading_seconds,
            ocr_seconds=row.ocr_seconds,
        )

    def write_pages(
        self,
        claim: Claim,
        read: Sequence[Page],
        facts: FileFacts,
        took: Effort,
    ) -> None:
        """Store the pages that follow the claim's cursor, and checkpoint after the last."""
        first = claim.cursor + 1
        with self._database.write() as connection:
            require_held(connection, claim)
            connection.execute(delete(pages).where(*_pages_of(claim), pages.c.page >= first))
        for start in range(0, len(read), ROWS):
            rows = [_row(claim, page) for page in read[start : start + ROWS]]
            with self._database.write() as connection:
                require_held(connection, claim)
                connection.execute(insert(pages), rows)
        last = read[-1].number if read else claim.cursor
        with self._database.write() as connection:
            require_held(connection, claim)
            connection.execute(
                update(versions)
                .where(*_this(claim))
                .values(
                    title=facts.title,
                    facts=asdict(facts),
                    reading_seconds=versions.c.reading_seconds + took.reading,
                    ocr_seconds=versions.c.ocr_seconds + took.ocr,
                )
            )
            checkpoint(connection, claim, JobStage.PARSING, last, facts.pages)

    def read_pages(self, claim: Claim, first: int, last: int) -> tuple[Page, ...]:
        """Return stored pages, in order."""
        statement = (
            select(pages)
            .where(*_pages_of(claim), pages.c.page.between(first, last))
            .order_by(pages.c.page)
        )
        with self._database.read() as connection:
            return tuple(page_of(row) for row in connection.execute(statement))

    def every_page(self, claim: Claim, first: int, last: int) -> Iterator[Page]:
        """Give stored pages in order, a few at a time."""
        for start in range(first, last + 1, ROWS):
            yield from self.read_pages(claim, start, min(start + ROWS - 1, last))

    def warnings(self, claim: Claim) -> tuple[tuple[str, int], ...]:
        """Return the code and the page number of every page's warning."""
        statement = (
            select(pages.c.warning, pages.c.page)
            .where(*_pages_of(claim), pages.c.warning.is_not(None))
            .order_by(pages.c.page)
        )
        with self._database.read() as connection:
            return tuple((row.warning, row.page) for row in connection.execute(statement))

    def write_profile(self, claim: Claim, profile: Profile) -> None:
        """Store the profile, and checkpoint before page 1 of the next pass."""
        stored = {**asdict(profile), "running": sorted(profile.running)}
        about = stored.pop("about")
        with self._database.write() as connection:
            require_held(connection, claim)
            connection.execute(
                update(versions)
                .where(*_this(claim))
                .values(profile=stored, about=about, title=profile.title)
            )
            checkpoint(connection, claim, JobStage.EMBEDDING, 0, claim.total)

    def profile(self, claim: Claim) -> Profile:
        """Return the stored profile."""
        with self._database.read() as connection:
            row = connection.execute(
                select(versions.c.profile, versions.c.about).where(*_this(claim))
            ).first()
        if row is None or row.profile is None:
            raise ClaimLost
        headings = tuple(Heading(**heading) for heading in row.profile["headings"])
        running = frozenset(row.profile["running"])
        return Profile(row.profile["title"], running, headings, about_of(row.about))


def _facts_of(stored: dict[str, Any] | None) -> FileFacts:
    """Return the facts of a version; one that is half read by an older program has none."""
    if stored is None:
        return FileFacts(0)
    outline = tuple(OutlineEntry(**entry) for entry in stored["outline"])
    return FileFacts(**{**stored, "outline": outline})


def _this(claim: Claim) -> tuple[Any, Any]:
    return versions.c.document_id == claim.document_id, versions.c.version == claim.version


def _pages_of(claim: Claim) -> tuple[Any, Any]:
    return pages.c.document_id == claim.document_id, pages.c.version == claim.version


def _row(claim: Claim, page: Page) -> dict[str, Any]:
    return {
        "document_id": claim.document_id,
        "version": claim.version,
        "page": page.number,
        "text": page.text,
        "boxes": page.boxes,
        "lines": [
            (line.start, line.end, line.size, line.bold, line.kind)[: 5 if line.kind else 4]
            for line in page.lines
        ],
        "ocr": page.ocr,
        "warning": page.warning,
        "label": page.label,
    }

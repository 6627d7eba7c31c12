"""The stores, opened together and closed together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from data.acceptance import Acceptance
from data.blobs import LocalBlobs
from data.catalogue import Catalogue
from data.chunks import Chunks
from data.claims import Claims
from data.database import Database
from data.documents import Documents
from data.generations import Generations
from data.holdings import Holdings
from data.interventions import Interventions
from data.jobs import Jobs
from data.keys import Keys
from data.libraries import Libraries
from data.migration import require_head
from data.presence import Presence
from data.purges import Purges
from data.remote_blobs import RemoteBlobs
from data.rings import Rings
from data.secret_box import SecretBox
from data.settings import Settings
from data.versions import Versions
from data.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Stores:
    """What is kept."""

    database: Database
    keys: Keys
    libraries: Libraries
    documents: Documents
    jobs: Jobs
    claims: Claims
    rings: Rings
    versions: Versions
    chunks: Chunks
    generations: Generations
    holdings: Holdings
    visibility: Visibility
    acceptance: Acceptance
    interventions: Interventions
    catalogue: Catalogue
    purges: Purges
    presence: Presence
    blobs: LocalBlobs
    secrets: SecretBox


@contextmanager
def open_stores(settings: Settings) -> Iterator[Stores]:
    """Give the stores; ``WrongRevision`` when the catalogue has another schema."""
    database = Database(settings.database_url, settings.database)
    try:
        require_head(database)
        yield Stores(
            database=database,
            keys=Keys(database),
            libraries=Libraries(database),
            documents=Documents(database),
            jobs=Jobs(database),
            claims=Claims(database, settings.jobs),
            rings=Rings(database, settings.jobs),
            versions=Versions(database),
            chunks=Chunks(database),
            generations=Generations(database),
            holdings=Holdings(database),
            visibility=Visibility(database),
            acceptance=Acceptance(database, settings.uploads),
            interventions=Interventions(database),
            catalogue=Catalogue(database),
            purges=Purges(database),
            presence=Presence(database),
            blobs=open_blobs(settings),
            secrets=SecretBox.open(settings.secret_key, settings.folder),
        )
    finally:
        database.close()


def open_blobs(settings: Settings) -> LocalBlobs:
    """Return the file store that the settings name."""
    folder, free = settings.folder / "blobs", settings.uploads.min_free_bytes
    if settings.blobs.url:
        return RemoteBlobs(settings.blobs.url, folder, free)
    return LocalBlobs(folder, free)

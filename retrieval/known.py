"""What this process remembers of chunks: as true as when a question began."""

from collections.abc import Iterable
from typing import TypeVar

from data.chunks import version_of
from data.contents import StoredChunk
from data.visibility import Spot, Standing, Visibility
from retrieval.lanes import Lane
from retrieval.targets import Target

# Entries; a spot takes about 1.1 KB, a chunk 3 KB, a document 0.3 KB.
MOST_SPOTS = 30_000
MOST_CHUNKS = 8_192
MOST_DOCUMENTS = 30_000

# By workspace and id; None: nothing of the document may be seen.
Documents = dict[tuple[str, str], Standing | None]
Key = TypeVar("Key")
Value = TypeVar("Value")


class KnownChunks:
    """Reads chunks from the catalogue, which stays the judge of what may be seen.

    What it said of documents is kept until its sequence moves, as it does with everything that is
    published, replaced or deleted; a question carries the sequence that it began with. A chunk of
    a published version, with the version's title and file name, never changes.
    """

    def __init__(self, visibility: Visibility, lane: Lane) -> None:
        self._visibility = visibility
        self._lane = lane
        self._sequence = -1
        self._documents: Documents = {}
        self._spots: dict[str, Spot] = {}
        # None: its version has no such chunk.
        self._chunks: dict[str, StoredChunk | None] = {}

    async def spots(self, target: Target, ids: Iterable[str]) -> dict[str, Spot]:
        """Return the spots of those chunks that readers of the target may see, in this order."""
        seen = await self._seen(target, ids)
        # Now: while others are read, these may make way.
        known = {id_: self._spots[id_] for id_ in seen if id_ in self._spots}
        if missing := [id_ for id_ in seen if id_ not in known]:
            found = await self._lane.run(self._visibility.spots, missing)
            known |= found
            _keep(self._spots, found, MOST_SPOTS)
        return {id_: known[id_] for id_ in seen if id_ in known}

    async def chunks(self, target: Target, ids: Iterable[str]) -> dict[str, StoredChunk]:
        """Return those of the chunks that readers of the target may see, in this order."""
        seen = await self._seen(target, ids)
        known = {id_: self._chunks[id_] for id_ in seen if id_ in self._chunks}
        if missing := [id_ for id_ in seen if id_ not in known]:
            read = await self._lane.run(
                self._visibility.visible, target.workspace, missing, target.library_ids
            )
            # One that is not there will not come either: a published version is whole.
            found = {id_: read.get(id_) for id_ in missing}
            known |= found
            _keep(self._chunks, found, MOST_CHUNKS)
        return {id_: chunk for id_ in seen if (chunk := known[id_])}

    async def _seen(self, target: Target, ids: Iterable[str]) -> list[str]:
        """Return the ids of chunks whose version readers of the target may see."""
        if target.sequence > self._sequence:
            self._sequence = target.sequence
            self._documents.clear()
        addresses = {id_: self._address(id_) for id_ in ids}
        different = set(addresses.values())
        standing = await self._standing(target, {document for document, _ in different})
        shown = {address for address in different if _is_seen(target, standing, address)}
        return [id_ for id_, address in addresses.items() if address in shown]

    def _address(self, chunk_id: str) -> tuple[str, int]:
        spot = self._spots.get(chunk_id)
        return (spot.document_id, spot.version) if spot else version_of(chunk_id)

    async def _standing(self, target: Target, documents: set[str]) -> Documents:
        """Return the standing of documents, by workspace and id."""
        workspace = target.workspace
        known = {
            (workspace, one): self._documents[workspace, one]
            for one in documents
            if (workspace, one) in self._documents
        }
        if missing := [one for one in documents if (workspace, one) not in known]:
            sequence = self._sequence
            found = await self._lane.run(self._visibility.standing, workspace, missing)
            told = {(workspace, one): found.get(one) for one in missing}
            known |= told
            # What was read before the last change says nothing of what is there now.
            if sequence == self._sequence:
                _keep(self._documents, told, MOST_DOCUMENTS)
        return known


def _is_seen(target: Target, documents: Documents, address: tuple[str, int]) -> bool:
    document, version = address
    standing = documents.get((target.workspace, document))
    if standing is None or standing.version != version:
        return False
    return target.has(document, version, standing.library_id)


def _keep(kept: dict[Key, Value], new: dict[Key, Value], most: int) -> None:
    """Add entries, the oldest of which make way."""
    kept.update(new)
    while len(kept) > most:
        del kept[next(iter(kept))]

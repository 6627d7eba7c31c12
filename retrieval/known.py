"""What this process remembers of chunks: as true as when a question began, without asking again."""

from collections.abc import Iterable, Sequence
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

    What it said is kept until its sequence moves, as it does with everything that is published,
    replaced or deleted; a question carries the sequence that it began with.
    """

    def __init__(self, visibility: Visibility, lane: Lane) -> None:
        self._visibility = visibility
        self._lane = lane
        self._sequence = -1
        self._documents: Documents = {}
        # By workspace and id; None: there is no such chunk.
        self._chunks: dict[tuple[str, str], StoredChunk | None] = {}
        # Once its version is published, a spot never changes.
        self._spots: dict[str, Spot] = {}

    async def spots(self, target: Target, ids: Iterable[str]) -> dict[str, Spot]:
        """Return the spots of those chunks that readers of the target may see, in this order."""
        self._follow(target.sequence)
        addresses = {
            id_: (spot.document_id, spot.version) if spot else version_of(id_)
            for id_ in ids
            for spot in (self._spots.get(id_),)
        }
        different = set(addresses.values())
        standing = await self._standing(target, {document for document, _ in different})
        shown = {address for address in different if _is_seen(target, standing, address)}
        seen = [id_ for id_, address in addresses.items() if address in shown]
        missing = [id_ for id_ in seen if id_ not in self._spots]
        found = await self._lane.run(self._visibility.spots, missing) if missing else {}
        known = {id_: self._spots.get(id_) or found.get(id_) for id_ in seen}
        _keep(self._spots, found, MOST_SPOTS)
        return {id_: spot for id_, spot in known.items() if spot}

    async def chunks(self, target: Target, ids: Sequence[str]) -> dict[str, StoredChunk]:
        """Return those of the chunks that readers of the target may see, by id."""
        self._follow(target.sequence)
        workspace = target.workspace
        known = {
            id_: self._chunks[workspace, id_] for id_ in ids if (workspace, id_) in self._chunks
        }
        if missing := [id_ for id_ in ids if id_ not in known]:
            sequence = self._sequence
            found = await self._lane.run(
                self._visibility.visible, workspace, missing, target.library_ids
            )
            # One that is missing though its version is there does not exist. (Others may be in
            # libraries that this target does not have.)
            told = {
                id_: found.get(id_)
                for id_ in missing
                if id_ in found or _is_seen(target, self._documents, version_of(id_))
            }
            known |= told
            if sequence == self._sequence:  # as in _standing
                _keep(self._chunks, {(workspace, id_): told[id_] for id_ in told}, MOST_CHUNKS)
        return {
            id_: chunk
            for id_, chunk in known.items()
            if chunk is not None and target.has(chunk.document_id, chunk.version, chunk.library_id)
        }

    def _follow(self, sequence: int) -> None:
        """Forget what was true before a change."""
        if sequence > self._sequence:
            self._sequence = sequence
            self._documents.clear()
            self._chunks.clear()

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

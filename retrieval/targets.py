"""Where a question is to be answered from, as the catalogue stands when it begins."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.catalogue import Catalogue
from data.errors import FootnoteError
from data.libraries import Libraries
from data.records import Library
from data.settings import BatchingSettings, SearchSettings
from data.visibility import Visibility
from retrieval.batching import MicroBatcher
from retrieval.lanes import Lane
from retrieval.passages import Scope


@dataclass(frozen=True, slots=True)
class Target:
    """Where a query is to be answered from, as the catalogue stands now."""

    workspace: str
    libraries: tuple[Library, ...]
    # (document, version) that filters select; None: everything in the libraries.
    selected: frozenset[tuple[str, int]] | None
    # Whether the selection is small enough to compare with every vector of it.
    is_exact: bool
    # The catalogue's last change: what the lexical index should have followed.
    sequence: int

    @property
    def library_ids(self) -> tuple[str, ...]:
        """The ids of the libraries."""
        return tuple(library.id for library in self.libraries)

    def has(self, document_id: str, version: int, library_id: str) -> bool:
        """Whether a version that is published in a library is to be searched."""
        if self.selected is not None and (document_id, version) not in self.selected:
            return False
        return library_id in self.library_ids


class Targets:
    """Looks scopes up. Questions that wait for the catalogue together are one look."""

    def __init__(
        self,
        libraries: Libraries,
        visibility: Visibility,
        catalogue: Catalogue,
        lane: Lane,
        search: SearchSettings,
        batching: BatchingSettings,
    ) -> None:
        self._libraries = libraries
        self._visibility = visibility
        self._catalogue = catalogue
        self._lane = lane
        self._settings = search
        self._batcher: MicroBatcher[Scope, Target | FootnoteError] = MicroBatcher(
            batching, self._whole_libraries, "targets", joins_work=False
        )

    async def of(self, scope: Scope) -> Target:
        """Return the target, not older than this call.

        Raises ``LibraryNotFound`` or ``DocumentNotFound``.
        """
        if scope.document_ids or scope.tags:
            return await self._lane.run(self._filtered, scope)
        [(found, _)] = await self._batcher.ask(scope)
        if isinstance(found, FootnoteError):
            raise found
        return found

    async def any_ready(self, target: Target) -> bool:
        """Return whether anything in the target's libraries can be found."""
        return await self._lane.run(self._visibility.any_ready, target.library_ids)

    async def _whole_libraries(self, scopes: Sequence[Scope]) -> Sequence[Target | FootnoteError]:
        return await self._lane.run(self._look, scopes)

    def _look(self, scopes: Sequence[Scope]) -> list[Target | FootnoteError]:
        # Read first: what is published or deleted from now on belongs to a later one.
        sequence = self._catalogue.sequence()
        found: list[Target | FootnoteError] = []
        for scope in scopes:
            try:
                libraries = self._libraries.named(scope.workspace, scope.libraries)
                found.append(
                    Target(scope.workspace, libraries, None, is_exact=False, sequence=sequence)
                )
            except FootnoteError as error:
                found.append(error)
        return found

    def _filtered(self, scope: Scope) -> Target:
        sequence = self._catalogue.sequence()
        libraries = self._libraries.named(scope.workspace, scope.libraries)
        ids = [library.id for library in libraries]
        selected = self._visibility.selected(scope.workspace, ids, scope.document_ids, scope.tags)
        few = self._visibility.count(selected) <= self._settings.exact_chunks
        return Target(
            scope.workspace, libraries, frozenset(selected), is_exact=few, sequence=sequence
        )

    async def aclose(self) -> None:
        """End the work; who waits gets ``ShuttingDown``."""
        await self._batcher.aclose()

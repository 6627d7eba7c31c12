"""Where a question may look, known before its answer begins."""

from api.state import State
from data.libraries import DEFAULT
from retrieval.passages import Scope


async def require_scope(scope: Scope, state: State) -> None:
    """Raise ``LibraryNotFound`` or ``DocumentNotFound`` while there still is a status to send.

    A question that names nothing is not held up: the default library can't be deleted.
    """
    run, stores = state.lanes.catalogue.run, state.stores
    if scope.libraries != (DEFAULT,):
        await run(stores.libraries.named, scope.workspace, scope.libraries)
    if scope.document_ids:
        await run(stores.visibility.selected, scope.workspace, (), scope.document_ids, ())

"""What routes ask for by the type of an argument.

All of them are coroutines: FastAPI would have each plain function called in a thread.
"""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.draining import Draining
from api.metrics import Metrics
from api.security import KEY, require_role
from api.state import State
from data.errors import Unauthenticated
from data.records import Key, Role

BEARER = HTTPBearer(auto_error=False, description="An API key, `fn-…`")


async def current_state(request: Request) -> State:
    """Return what the process works with."""
    state: State = request.app.state.footnote
    return state


async def current_metrics(request: Request) -> Metrics:
    """Return where the process counts."""
    metrics: Metrics = request.app.state.metrics
    return metrics


async def current_draining(request: Request) -> Draining:
    """Return what knows whether the process stops."""
    draining: Draining = request.app.state.draining
    return draining


async def current_key(
    request: Request,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> Key:
    """Return the key that the gate has checked."""
    key: Key | None = request.scope.get(KEY)
    if key is None:  # a route outside of /v1: nobody has checked it
        raise Unauthenticated
    return key


async def reader(key: Annotated[Key, Depends(current_key)]) -> Key:
    """Return a key that may read."""
    return require_role(key, Role.READER)


async def editor(key: Annotated[Key, Depends(current_key)]) -> Key:
    """Return a key that may change documents and libraries."""
    return require_role(key, Role.EDITOR)


async def admin(key: Annotated[Key, Depends(current_key)]) -> Key:
    """Return a key that may see and change everything."""
    return require_role(key, Role.ADMIN)


StateDep = Annotated[State, Depends(current_state)]
MetricsDep = Annotated[Metrics, Depends(current_metrics)]
DrainingDep = Annotated[Draining, Depends(current_draining)]
ReaderDep = Annotated[Key, Depends(reader)]
EditorDep = Annotated[Key, Depends(editor)]
AdminDep = Annotated[Key, Depends(admin)]

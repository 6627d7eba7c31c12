"""Who may do what: the key is checked before a byte of the body is read."""

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.bodies import gathered, is_expected
from api.errors import response_to
from data.errors import FootnoteError, Forbidden, Invalid, Unauthenticated
from data.keys import Keys, hash_of
from data.records import Key, Role
from retrieval.lanes import Lane

# A revoked key is refused after so long at the latest, by every process.
TRUSTED_SECONDS = 1.0
MOST_TRUSTED = 10_000
RANKS = {Role.ADMIN: 3, Role.EDITOR: 2, Role.READER: 1}
# Bodies that are read piece by piece by their routes, which limit them.
STREAMED = {
    "POST": re.compile("/v1/documents"),
    "PUT": re.compile("/v1/documents/[^/]+/content"),
}
KEY = "footnote.key"


class Authentication:
    """Tells whose key a request carries."""

    def __init__(self, keys: Keys, lane: Lane) -> None:
        self._keys = keys
        self._lane = lane
        # By the key's hash; the oldest first.
        self._trusted: OrderedDict[str, tuple[Key, float]] = OrderedDict()

    async def key_of(self, headers: Headers) -> Key:
        """Return the key, or raise ``Unauthenticated``."""
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise Unauthenticated
        return await self.key_behind(secret)

    async def key_behind(self, secret: str) -> Key:
        """Return the key whose text this is, or raise ``Unauthenticated``."""
        identity = hash_of(secret)
        known = self._trusted.get(identity)
        if known and known[1] > time.monotonic():
            return known[0]
        key = await self._lane.run(self._keys.find, secret)
        self._trusted.pop(identity, None)
        if key is None:
            raise Unauthenticated
        self._trusted[identity] = (key, time.monotonic() + TRUSTED_SECONDS)
        if len(self._trusted) > MOST_TRUSTED:
            self._trusted.popitem(last=False)
        return key


def require_role(key: Key, role: Role) -> Key:
    """Return the key, or raise ``Forbidden`` unless it may do what the role may."""
    if RANKS[key.role] < RANKS[role]:
        raise Forbidden(f"This call needs a key with the role {role}; this one is a {key.role}.")
    return key


Authenticate = Callable[[Headers], Awaitable[Key]]


class Gate:
    """Middleware: under ``/v1`` nobody passes without a key, and no body is read before."""

    def __init__(self, app: ASGIApp, authenticate: Authenticate) -> None:
        self._app = app
        self._authenticate = authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._admitted(scope, receive)
        except FootnoteError as error:
            await response_to(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        path = route_path(scope)
        if path == "/v1" or path.startswith("/v1/"):
            scope[KEY] = await self._authenticate(Headers(scope=scope))
        if "\0" in path:
            raise Invalid("The address has a NUL character.")
        streamed = STREAMED.get(scope["method"])
        if is_expected(scope) and not (streamed and streamed.fullmatch(path)):
            return await gathered(scope, receive)
        return receive


def route_path(scope: Scope) -> str:
    """Return the path below the prefix that a proxy serves us under."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "").rstrip("/")) or "/"

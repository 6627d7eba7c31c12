"""Every response has its request's id, and every request its line in the log."""

import logging
import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import response_to
from api.metrics import Metrics
from api.security import KEY
from data.records import Key

logger = logging.getLogger(__name__)

VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Asked for every few seconds by machines.
QUIET = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})


class Requests:
    """The outermost middleware: names, times and logs requests, and answers defects."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        identity = asked if VALID_ID.fullmatch(asked) else secrets.token_hex(8)
        if scope["type"] == "websocket":
            # What there is to tell at its end, the conversation itself knows (api/chat.py).
            with structlog.contextvars.bound_contextvars(request_id=identity):
                await self._app(scope, receive, send)
            return
        status = 0
        started = time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = identity
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=identity):
            try:
                await self._app(scope, receive, named)
            # The last chance to answer in our shape; whatever comes here is a defect.
            except Exception as error:
                logger.exception("request failed", extra={"route": route_of(scope)})
                if status:
                    raise
                await response_to(error)(scope, receive, named)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), scope["method"]
        self._metrics.note_request(route, method, status, seconds)
        if route in QUIET:
            return
        key: Key | None = scope.get(KEY)
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "key_id": key.id if key else None,
        }
        logger.info("request answered", extra=fields)


def route_of(scope: Scope) -> str:
    """Return the template of the route that was met: ids never become labels."""
    return getattr(scope.get("route"), "path", "none")

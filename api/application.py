"""The framework's application, where the server's own ``send`` is still at hand."""

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from api.disconnects import remember_connection


class Application(FastAPI):
    """Notes the connection of each request before anything wraps it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve whatever the server passes on."""
        remember_connection(scope, send)
        await super().__call__(scope, receive, send)

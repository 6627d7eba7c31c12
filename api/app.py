"""The HTTP door: ``uvicorn --factory api.app:create_app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.datastructures import Headers

from api.application import Application
from api.bodies import Drained
from api.docs import docs_router
from api.draining import Door, Draining
from api.errors import install_errors
from api.lifespan import serving
from api.metrics import Metrics
from api.middleware import Requests
from api.routes import (
    answers,
    ask,
    chat,
    completions,
    documents,
    jobs,
    libraries,
    models,
    operations,
    pages,
    search,
)
from api.security import Gate
from api.state import Lifespan, State
from data.records import Key
from data.settings import Settings, metrics_folder

VERSION = "0.1.0"
DESCRIPTION = (
    "Answers from your documents, with a footnote under every sentence that can be checked."
)


def create_app(settings: Settings | None = None, lifespan: Lifespan | None = None) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins."""
    settings = settings or Settings()
    metrics = Metrics(metrics_folder())
    draining = Draining(settings.api)

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        async with (lifespan or serving)(settings, metrics) as state:
            app.state.footnote = state
            try:
                with draining.heeding(state.streams, state.feed):
                    yield
            finally:
                metrics.close()

    app = Application(
        title="Footnote",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=opened,
        docs_url=None,
        redoc_url=None,
        # A redirect would not be in our shape, and would lose what was uploaded.
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.metrics = metrics
    app.state.draining = draining
    install_errors(app)
    resources = (documents, pages, jobs, libraries, search, ask, answers, chat, completions, models)
    for module in (*resources, operations):
        app.include_router(module.router)
    app.include_router(docs_router(app))

    async def authenticate(headers: Headers) -> Key:
        state: State = app.state.footnote
        return await state.authentication.key_of(headers)

    # The last one added is the outermost.
    app.add_middleware(Gate, authenticate=authenticate)
    app.add_middleware(Drained, seconds=settings.uploads.drain_seconds)
    app.add_middleware(Door, draining=draining)
    app.add_middleware(Requests, metrics=metrics)
    return app

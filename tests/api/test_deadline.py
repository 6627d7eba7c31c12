"""The time that a question was given, from its arrival on."""

import asyncio
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from api.app import create_app

if TYPE_CHECKING:
    from tests.api.conftest import Service


@pytest.mark.parametrize("stream", [True, False])
async def test_covers_the_look_at_the_libraries_it_names(service: "Service", stream: bool) -> None:
    app = create_app(service.settings, service.lifespan)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    body = {"question": "Bees?", "libraries": ["other"], "timeout_seconds": 1, "stream": stream}
    may_go_on = threading.Event()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://footnote.test", headers=service.headers
        ) as client,
    ):
        # From now on its key is trusted.
        await client.get("/v1/libraries")
        run = app.state.footnote.lanes.catalogue.run
        held_up = [asyncio.create_task(run(may_go_on.wait, 5)) for _ in range(10)]
        await asyncio.sleep(0)
        response = await client.post("/v1/ask", json=body)
        may_go_on.set()
        await asyncio.gather(*held_up)

    assert response.status_code == 504
    assert response.json()["error"]["code"] == "deadline_exceeded"

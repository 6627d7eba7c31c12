"""The page at /docs works on a machine without a network."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from httpx import ASGITransport, AsyncClient

from api.docs import ASSETS, FILES, docs_router
from data.errors import NotFound

HOST = "http://footnote.test"


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI(title="Footnote", docs_url=None, redoc_url=None)
    app.include_router(docs_router(app))

    @app.exception_handler(NotFound)
    async def answer_404(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": {"message": str(error)}}, status_code=404)

    async with AsyncClient(transport=ASGITransport(app), base_url=HOST) as client:
        yield client


class TestThePage:
    async def test_names_no_address_outside_this_host(self, client: AsyncClient) -> None:
        page = (await client.get("/docs")).text

        named = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", page)
        addresses = {urljoin(f"{HOST}/docs", one or other) for one, other in named}
        assert {urlsplit(address).netloc for address in addresses} == {"footnote.test"}
        assert "//" not in re.sub(r"<!--.*?-->", "", page).replace("</", "")

    async def test_finds_everything_that_it_names(self, client: AsyncClient) -> None:
        page = (await client.get("/docs")).text

        named = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", page)
        answers = [await client.get(urljoin(f"{HOST}/docs", a or b)) for a, b in named]
        assert len(answers) == 4
        assert {answer.status_code for answer in answers} == {200}

    async def test_lets_only_its_own_inline_script_run(self, client: AsyncClient) -> None:
        policy = (await client.get("/docs")).headers["Content-Security-Policy"]

        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert re.fullmatch(r"script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}'", scripts)
        assert "default-src 'none'" in policy

    async def test_keeps_the_key_that_was_typed(self, client: AsyncClient) -> None:
        assert '"persistAuthorization": true' in (await client.get("/docs")).text

    async def test_is_no_part_of_the_contract(self, client: AsyncClient) -> None:
        assert (await client.get("/openapi.json")).json()["paths"] == {}


class TestAssets:
    @pytest.mark.parametrize(("name", "media_type"), ASSETS.items())
    async def test_are_the_vendored_files(
        self, client: AsyncClient, name: str, media_type: str
    ) -> None:
        answer = await client.get(f"/docs/assets/{name}")

        assert answer.content == (FILES / name).read_bytes()
        assert answer.headers["Content-Type"].partition(";")[0] == media_type
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "public, max-age=86400"

    @pytest.mark.parametrize("name", ["VERSION", "%2e%2e", "..%2f..%2fdocs.py", "x.js"])
    async def test_are_nothing_else_on_the_disk(self, client: AsyncClient, name: str) -> None:
        assert (await client.get(f"/docs/assets/{name}")).status_code == 404

"""Who may do what."""

from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import delete

from data.records import Role
from data.tables import keys

if TYPE_CHECKING:
    from tests.api.conftest import Service

READS = [("GET", "/v1/documents"), ("GET", "/v1/jobs"), ("GET", "/v1/libraries")]
CHANGES = [
    ("POST", "/v1/documents"),
    ("DELETE", "/v1/documents/x"),
    ("POST", "/v1/libraries"),
    ("DELETE", "/v1/libraries/x"),
]


class TestAKey:
    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "bearer fn-\xff", "fn-x"]
    )
    @pytest.mark.parametrize("path", ["/v1/documents", "/v1/nothing", "/v1"])
    async def test_that_is_wrong_passes_nowhere(
        self, client: httpx.AsyncClient, header: str, path: str
    ) -> None:
        headers = {b"Authorization": header.encode("latin-1")}
        answer = await client.get(path, headers=headers)

        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "unauthenticated"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "X-Request-ID" in answer.headers

    async def test_is_taken_whatever_the_case_of_its_scheme(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        headers = {"Authorization": f"bEARER   {service.key} "}

        assert (await client.get("/v1/jobs", headers=headers)).status_code == 200

    @pytest.mark.parametrize(("method", "path"), READS)
    async def test_of_a_reader_may_read(
        self, client: httpx.AsyncClient, service: "Service", method: str, path: str
    ) -> None:
        headers = service.new_key(Role.READER)

        assert (await client.request(method, path, headers=headers)).status_code == 200

    @pytest.mark.parametrize(("method", "path"), CHANGES)
    async def test_of_a_reader_may_change_nothing(
        self, client: httpx.AsyncClient, service: "Service", method: str, path: str
    ) -> None:
        headers = service.new_key(Role.READER)
        answer = await client.request(method, path, headers=headers)

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")

    @pytest.mark.parametrize(("method", "path"), CHANGES)
    async def test_of_an_editor_may_change(
        self, client: httpx.AsyncClient, service: "Service", method: str, path: str
    ) -> None:
        headers = service.new_key(Role.EDITOR)
        answer = await client.request(method, path, headers=headers)

        assert answer.status_code in (400, 404, 422)

    async def test_of_an_editor_rebuilds_no_index(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        headers = service.new_key(Role.EDITOR)
        answer = await client.post("/v1/libraries/default/reindex", headers=headers)

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")

    async def test_of_an_editor_sees_no_status(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        headers = service.new_key(Role.EDITOR)

        assert (await client.get("/v1/admin/status", headers=headers)).status_code == 403

    async def test_that_was_removed_soon_passes_no_more(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        headers = service.new_key(Role.READER)
        assert (await client.get("/v1/jobs", headers=headers)).status_code == 200
        with service.stores.database.write() as connection:
            connection.execute(delete(keys).where(keys.c.role == Role.READER))

        while (await client.get("/v1/jobs", headers=headers)).status_code != 401:
            pass


class TestMetrics:
    async def test_are_open_to_this_machine(self, client: httpx.AsyncClient) -> None:
        await client.get("/v1/documents/doc-1")
        answer = await client.get("/metrics", headers={"Authorization": ""})

        assert answer.status_code == 200
        labels = 'method="GET",route="/v1/documents/{document_id}",status="404"'
        assert f"footnote_requests_total{{{labels}}} 1.0" in answer.text
        assert 'footnote_jobs{state="queued"} 0.0' in answer.text
        assert "doc-1" not in answer.text

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
    async def test_are_not_open_to_who_stands_behind_a_proxy(
        self, client: httpx.AsyncClient, service: "Service", header: str
    ) -> None:
        proxied = {header: "10.1.2.3"}
        nobody = await client.get("/metrics", headers={**proxied, "Authorization": ""})
        editor = await client.get("/metrics", headers={**proxied, **service.new_key(Role.EDITOR)})
        admin = await client.get("/metrics", headers={**proxied, **service.headers})

        assert [nobody.status_code, editor.status_code, admin.status_code] == [401, 403, 200]

    async def test_have_no_label_that_a_client_chooses(self, client: httpx.AsyncClient) -> None:
        await client.request("BREW", "/coffee/secret")
        text = (await client.get("/metrics")).text

        assert 'method="other",route="none",status="404"' in text
        assert "BREW" not in text
        assert "coffee" not in text

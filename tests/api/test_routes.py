"""Documents, jobs and libraries over HTTP."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.records import Role

if TYPE_CHECKING:
    from tests.api.conftest import Service

Body = dict[str, Any]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def upload(client: httpx.AsyncClient, content: bytes, **fields: Any) -> Body:
    files = {"file": ("a.pdf", content)}
    body: Body = (await client.post("/v1/documents", files=files, data=fields)).json()
    return body


class TestDocuments:
    async def test_show_what_indexing_found(self, document: Body) -> None:
        assert (document["state"], document["version"], document["pages"]) == ("ready", 1, 1)
        assert document["created_at"].endswith("Z")
        assert document["about"] == {
            "author": None, "date": None, "company": "Hive Ltd", "period": None,
            "kind": "annual report",
        }  # fmt: skip

    async def test_are_listed_newest_first_page_by_page(
        self, client: httpx.AsyncClient, pdf: bytes
    ) -> None:
        ids = [(await upload(client, pdf + b"%d" % n))["document"]["id"] for n in range(3)]
        first = (await client.get("/v1/documents", params={"limit": 2})).json()
        cursor = {"limit": 2, "cursor": first["next_cursor"]}
        second = (await client.get("/v1/documents", params=cursor)).json()

        assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
        assert second["next_cursor"] is None

    async def test_are_filtered_by_library_state_and_all_of_the_tags(
        self, client: httpx.AsyncClient, pdf: bytes
    ) -> None:
        await client.post("/v1/libraries", json={"name": "second"})
        both = await upload(client, pdf + b"1", tags=["a", "b"], library="second")
        await upload(client, pdf + b"2", tags=["a"])

        async def found(query: str) -> list[str]:
            answer = await client.get(f"/v1/documents?{query}")
            return [one["id"] for one in answer.json()["items"]]

        mine = [both["document"]["id"]]
        assert await found("tag=a&tag=b") == await found("library=second&tag=a") == mine
        assert len(await found("state=indexing")) == 2
        assert await found("state=ready") == []

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ("library=nowhere", 404, "library_not_found"),
            ("library=%FF%FE", 404, "library_not_found"),
            ("library=a%00b", 422, "invalid"),
            ("cursor=nonsense", 422, "invalid"),
            ("cursor=MSAy", 200, ""),
            ("limit=0", 422, "invalid"),
            ("limit=101", 422, "invalid"),
            ("limit=abc", 422, "invalid"),
            ("state=lost", 422, "invalid"),
            ("colour=red", 422, "invalid"),
        ],
    )
    async def test_are_not_listed_for_a_wrong_query(
        self, client: httpx.AsyncClient, query: str, status: int, code: str
    ) -> None:
        answer = await client.get(f"/v1/documents?{query}")

        assert answer.status_code == status
        assert answer.json().get("error", {}).get("code", "") == code

    async def test_give_their_bytes_back_safely(
        self, client: httpx.AsyncClient, document: Body, pdf: bytes
    ) -> None:
        answer = await client.get(f"/v1/documents/{document['id']}/content?version=1")

        assert answer.content == pdf
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''bees.pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    async def test_of_html_are_given_back_in_a_way_that_no_browser_runs(
        self, client: httpx.AsyncClient
    ) -> None:
        page = b"<!doctype html><script>alert(1)</script>\xe9"
        sent = await client.post("/v1/documents", files={"file": ("a.pdf.html", page)})
        document_id = sent.json()["document"]["id"]
        answer = await client.get(f"/v1/documents/{document_id}/content?version=1")

        assert sent.json()["document"]["media_type"] == "text/html"
        assert answer.content == page
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]

    async def test_show_their_pages(
        self, client: httpx.AsyncClient, document: Body, text: str
    ) -> None:
        answer = await client.get(f"/v1/documents/{document['id']}/pages/1")

        assert answer.json() == {
            "page": 1, "version": 1, "text": text, "ocr": False, "label": None,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("pages/2", "page_not_found"),
            ("pages/0", "page_not_found"),
            ("pages/-1", "page_not_found"),
            ("pages/99999999999999999999", "page_not_found"),
            ("pages/1?version=7", "version_gone"),
            ("content?version=7", "version_gone"),
        ],
    )
    async def test_have_no_other_pages_or_versions(
        self, client: httpx.AsyncClient, document: Body, path: str, code: str
    ) -> None:
        answer = await client.get(f"/v1/documents/{document['id']}/{path}")

        assert code_of(answer) == (404, code)

    async def test_have_no_pages_before_they_are_indexed(
        self, client: httpx.AsyncClient, pdf: bytes
    ) -> None:
        document = (await upload(client, pdf))["document"]

        assert code_of(await client.get(f"/v1/documents/{document['id']}/pages/1")) == (
            404,
            "page_not_found",
        )

    async def test_are_gone_at_once_when_deleted(
        self, client: httpx.AsyncClient, service: "Service", document: Body
    ) -> None:
        rings = service.bell.rings
        answer = await client.delete(f"/v1/documents/{document['id']}")

        assert (answer.status_code, answer.content) == (204, b"")
        for path in ("", "/content", "/pages/1"):
            gone = await client.get(f"/v1/documents/{document['id']}{path}")
            assert code_of(gone) == (404, "document_not_found")
        assert (await client.get("/v1/documents")).json()["items"] == []
        assert code_of(await client.delete(f"/v1/documents/{document['id']}"))[0] == 404
        purge = (await client.get("/v1/jobs?limit=1")).json()["items"][0]
        assert (purge["kind"], purge["document_id"]) == ("purge", document["id"])
        assert service.bell.rings == rings + 1

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    @pytest.mark.parametrize(
        "identity", ["doc-0", "x" * 3000, "Ünïcödé-🐝", "%F0%9F", "a'; DROP TABLE documents; --"]
    )
    async def test_that_are_unknown_are_not_found(
        self, client: httpx.AsyncClient, method: str, identity: str
    ) -> None:
        answer = await client.request(method, f"/v1/documents/{identity}")

        assert code_of(answer) == (404, "document_not_found")

    async def test_never_have_a_nul_in_their_id(self, client: httpx.AsyncClient) -> None:
        assert code_of(await client.get("/v1/documents/doc%00")) == (422, "invalid")

    async def test_of_another_workspace_are_not_found(
        self, client: httpx.AsyncClient, service: "Service", document: Body
    ) -> None:
        theirs = service.new_key(Role.ADMIN, service.new_workspace())
        job = (await client.get("/v1/jobs")).json()["items"][0]
        addresses = [f"/v1/documents/{document['id']}{rest}" for rest in ("", "/content")]
        addresses += [f"/v1/documents/{document['id']}/pages/1", f"/v1/jobs/{job['id']}"]
        addresses += [f"/v1/jobs/{job['id']}/events"]

        for address in addresses:
            assert (await client.get(address, headers=theirs)).status_code == 404
        deleted = await client.delete(f"/v1/documents/{document['id']}", headers=theirs)
        assert deleted.status_code == 404
        assert (await client.get("/v1/documents", headers=theirs)).json()["items"] == []
        assert (await client.get("/v1/jobs", headers=theirs)).json()["items"] == []


class TestJobs:
    async def test_are_filtered_by_state_and_document(
        self, client: httpx.AsyncClient, document: Body, pdf: bytes
    ) -> None:
        other = (await upload(client, pdf + b"2"))["job"]

        async def found(query: str) -> list[str]:
            return [j["id"] for j in (await client.get(f"/v1/jobs?{query}")).json()["items"]]

        assert await found("state=queued") == [other["id"]]
        [done] = await found(f"document_id={document['id']}")
        assert done != other["id"]
        assert await found("document_id=nothing") == []

    async def test_that_failed_say_why(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        job = (await upload(client, pdf))["job"]
        service.stores.claims.fail(service.claim(), "no_text_found", "It is a scan.")
        body = (await client.get(f"/v1/jobs/{job['id']}")).json()

        assert body["state"] == "failed"
        assert body["error"] == {"code": "no_text_found", "message": "It is a scan."}

    @pytest.mark.parametrize("rest", ["", "/events"])
    async def test_that_are_unknown_are_not_found(
        self, client: httpx.AsyncClient, rest: str
    ) -> None:
        assert code_of(await client.get(f"/v1/jobs/nothing{rest}")) == (404, "job_not_found")


class TestLibraries:
    async def test_are_made_listed_and_deleted(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        made = await client.post("/v1/libraries", json={"name": "contracts-2"})
        await upload(client, pdf, library="contracts-2")
        names = [one["name"] for one in (await client.get("/v1/libraries")).json()["items"]]
        deleted = await client.delete("/v1/libraries/contracts-2")

        assert (made.status_code, made.json()["name"]) == (201, "contracts-2")
        assert names == ["contracts-2", "default"]
        assert deleted.status_code == 204
        assert (await client.get("/v1/documents")).json()["items"] == []
        assert code_of(await client.delete("/v1/libraries/contracts-2"))[0] == 404

    async def test_have_names_of_their_own(self, client: httpx.AsyncClient) -> None:
        again = await client.post("/v1/libraries", json={"name": "default"})

        assert code_of(again) == (409, "library_exists")

    async def test_the_default_one_stays(self, client: httpx.AsyncClient) -> None:
        assert code_of(await client.delete("/v1/libraries/default")) == (409, "conflict")

    async def test_are_reindexed_by_one_job_at_a_time(
        self, client: httpx.AsyncClient, service: "Service"
    ) -> None:
        first = await client.post("/v1/libraries/default/reindex")
        again = await client.post("/v1/libraries/default/reindex")

        job = first.json()["job"]
        assert (first.status_code, job["kind"], job["document_id"]) == (202, "reindex", None)
        assert first.headers["Location"] == f"/v1/jobs/{job['id']}"
        assert again.json()["job"]["id"] == job["id"]
        assert service.bell.rings == 2
        unknown = await client.post("/v1/libraries/nothing/reindex")
        assert code_of(unknown) == (404, "library_not_found")

    @pytest.mark.parametrize("name", ["", "A", "-a", "a b", "a\n", "ä", "x" * 64, "a\0", None, 7])
    async def test_have_simple_names(self, client: httpx.AsyncClient, name: Any) -> None:
        answer = await client.post("/v1/libraries", json={"name": name})

        assert code_of(answer) == (422, "invalid")
        assert answer.json()["error"]["message"].startswith("name: ")


class TestRequests:
    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"\xff",
            b'{"name": "' + b"\xff" + b'"}',
            b"[" * 100_000,
            b'{"name": ' + b"9" * 5000 + b"}",
        ],
    )
    async def test_that_are_no_json_are_malformed(
        self, client: httpx.AsyncClient, body: bytes
    ) -> None:
        answer = await client.post(
            "/v1/libraries", content=body, headers={"Content-Type": "application/json"}
        )

        assert code_of(answer) == (400, "malformed")

    @pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"x"', b"7"])
    async def test_that_are_no_object_are_invalid(
        self, client: httpx.AsyncClient, body: bytes
    ) -> None:
        answer = await client.post(
            "/v1/libraries", content=body, headers={"Content-Type": "application/json"}
        )

        assert code_of(answer) == (422, "invalid")

    async def test_are_json_by_their_content_type(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(
            "/v1/libraries", content=b'{"name": "a"}', headers={"Content-Type": "text/plain"}
        )

        assert code_of(answer) == (422, "invalid")

    async def test_with_unknown_fields_are_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/libraries", json={"name": "a", "colour": "red"})

        assert code_of(answer) == (422, "invalid")
        assert answer.json()["error"]["details"]["fields"] == [
            {"field": "colour", "message": "is not a field of this request"}
        ]

    async def test_never_hear_their_values_again(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/libraries", json={"name": "My Secret"})

        assert "Secret" not in answer.text

    async def test_that_are_too_large_are_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/libraries", content=b" " * (2**20 + 1))

        assert code_of(answer) == (413, "request_too_large")

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/nothing", 404, "not_found"),
            ("GET", "/v1/nothing", 404, "not_found"),
            ("GET", "/v1/documents/", 404, "not_found"),
            ("GET", "/v1", 404, "not_found"),
            ("PUT", "/v1/libraries", 405, "method_not_allowed"),
            ("POST", "/health", 405, "method_not_allowed"),
            ("PATCH", "/v1/documents/x/content", 405, "method_not_allowed"),
            ("POST", "/v1/jobs/x/stop", 404, "not_found"),
        ],
    )
    async def test_to_no_route_are_answered_in_our_shape(
        self, client: httpx.AsyncClient, method: str, path: str, status: int, code: str
    ) -> None:
        assert code_of(await client.request(method, path)) == (status, code)

    async def test_keep_a_valid_id_and_get_one_otherwise(self, client: httpx.AsyncClient) -> None:
        async def identity(given: str) -> str:
            answer = await client.get("/health/live", headers={"X-Request-ID": given})
            return answer.headers["X-Request-ID"]

        assert await identity("abc-1.2_3") == "abc-1.2_3"
        assert await identity("two words") != "two words"
        assert len(await identity("x" * 65)) == 16


class TestTheDocumentation:
    @pytest.mark.parametrize("path", ["/docs", "/docs/assets/swagger-ui.css", "/openapi.json"])
    async def test_needs_no_key(self, client: httpx.AsyncClient, path: str) -> None:
        assert (await client.get(path, headers={"Authorization": ""})).status_code == 200

    async def test_has_no_other_files(self, client: httpx.AsyncClient) -> None:
        assert code_of(await client.get("/docs/assets/x.js")) == (404, "not_found")

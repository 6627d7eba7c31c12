"""A document gets new content over HTTP."""

import hashlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.records import Role

if TYPE_CHECKING:
    from tests.api.conftest import Service

Body = dict[str, Any]


async def put(
    client: httpx.AsyncClient,
    document_id: str,
    content: bytes,
    name: str = "new.pdf",
    **fields: str,
) -> httpx.Response:
    address = f"/v1/documents/{document_id}/content"
    return await client.put(address, files={"file": (name, content)}, data=fields)


class TestANewVersion:
    async def test_is_kept_queued_and_rung_for_while_the_old_one_answers(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        rings = service.bell.rings
        answer = await put(client, document["id"], pdf + b"2", "../new.pdf")

        assert answer.status_code == 202
        body = answer.json()
        assert answer.headers["Location"] == f"/v1/jobs/{body['job']['id']}"
        unchanged = {**body["document"], "updated_at": document["updated_at"]}
        assert unchanged == document
        assert (body["job"]["version"], body["job"]["state"]) == (2, "queued")
        assert body["duplicate"] is False
        assert service.bell.rings == rings + 1
        assert sorted(file.name for file in service.kept()) == ["1", "2"]
        assert service.staged() == []

        service.index("New text.")

        after = (await client.get(f"/v1/documents/{document['id']}")).json()
        assert (after["version"], after["filename"], after["state"]) == (2, "new.pdf", "ready")
        assert after["sha256"] == hashlib.sha256(pdf + b"2").hexdigest()
        address = f"/v1/documents/{document['id']}"
        assert (await client.get(f"{address}/content")).content == pdf + b"2"
        assert (await client.get(f"{address}/content?version=1")).content == pdf
        assert (await client.get(f"{address}/pages/1")).json()["text"] == "New text."

    async def test_of_the_same_bytes_is_none(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        answer = await put(client, document["id"], pdf)

        assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
        assert answer.json()["document"] == document
        assert answer.json()["job"]["state"] == "succeeded"
        assert len(service.kept()) == 1
        assert service.staged() == []

    async def test_that_failed_is_queued_again_by_the_same_bytes(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        first = (await put(client, document["id"], pdf + b"2")).json()["job"]
        service.stores.claims.fail(service.claim(), "password_required", "Encrypted.")
        answer = await put(client, document["id"], pdf + b"2", password="s3cret")

        assert (answer.status_code, answer.json()["duplicate"]) == (202, True)
        assert answer.json()["job"]["id"] != first["id"]
        assert answer.json()["job"]["version"] == 2
        claim = service.claim()
        sealed = service.stores.versions.source(claim).password
        assert sealed is not None
        assert service.stores.secrets.unseal(sealed, claim.document_id) == "s3cret"
        assert len(service.kept()) == 2

    async def test_supersedes_the_one_before_it(
        self, client: httpx.AsyncClient, document: Body, pdf: bytes
    ) -> None:
        first = (await put(client, document["id"], pdf + b"2")).json()["job"]
        await put(client, document["id"], pdf + b"3")
        job = (await client.get(f"/v1/jobs/{first['id']}")).json()

        assert (job["state"], job["error"]["code"]) == ("cancelled", "superseded")

    async def test_with_the_bytes_of_another_document_is_a_conflict(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        await client.post("/v1/documents", files={"file": ("other.pdf", pdf + b"other")})
        answer = await put(client, document["id"], pdf + b"other")

        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
        assert len(service.kept()) == 2
        assert service.staged() == []

    @pytest.mark.parametrize("size", [10, 2_000_000])
    async def test_of_an_unknown_document_is_not_found(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes, size: int
    ) -> None:
        theirs = service.new_key(Role.ADMIN, service.new_workspace())
        address = f"/v1/documents/{document['id']}/content"
        answers = [
            await put(client, "doc-nothing", pdf + bytes(size)),
            await client.put(address, files={"file": ("a", pdf + bytes(size))}, headers=theirs),
        ]

        for answer in answers:
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "document_not_found"
        assert len(service.kept()) == 1
        assert service.staged() == []

    @pytest.mark.parametrize("field", ["title", "library", "tags", "colour"])
    async def test_takes_no_fields_but_a_password(
        self, client: httpx.AsyncClient, document: Body, pdf: bytes, field: str
    ) -> None:
        answer = await put(client, document["id"], pdf + b"2", **{field: "x"})

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
        assert field in answer.json()["error"]["message"]

    async def test_that_is_no_pdf_leaves_nothing(
        self, client: httpx.AsyncClient, service: "Service", document: Body
    ) -> None:
        answer = await put(client, document["id"], b"hello")

        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_file")
        assert len(service.kept()) == 1
        assert service.staged() == []

    async def test_needs_an_editor(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        address = f"/v1/documents/{document['id']}/content"
        headers = service.new_key(Role.READER)
        answer = await client.put(address, files={"file": ("a", pdf)}, headers=headers)

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")

    async def test_is_told_of_while_it_is_followed(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        job = (await put(client, document["id"], pdf + b"2")).json()["job"]
        service.index("New text.")
        listed = (await client.get(f"/v1/jobs?document_id={document['id']}")).json()["items"]
        done = next(one for one in listed if one["id"] == job["id"])

        assert (done["state"], done["version"]) == ("succeeded", 2)
        assert (listed[0]["kind"], listed[0]["version"]) == ("purge", 1)


class TestALostFile:
    """The record has the version, but somebody removed its file."""

    async def test_is_healed_by_the_same_upload(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        first = (await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})).json()
        service.stores.claims.fail(service.claim(), "not_found", "The file is gone.")
        [lost] = service.kept()
        lost.unlink()

        again = await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})

        assert (again.status_code, again.json()["document"]["id"]) == (202, first["document"]["id"])
        assert [(file, file.read_bytes()) for file in service.kept()] == [(lost, pdf)]
        assert service.staged() == []

    async def test_is_healed_by_the_same_version(
        self, client: httpx.AsyncClient, service: "Service", document: Body, pdf: bytes
    ) -> None:
        [lost] = service.kept()
        lost.unlink()
        assert (await client.get(f"/v1/documents/{document['id']}/content")).status_code == 404

        assert (await put(client, document["id"], pdf)).status_code == 200

        assert (await client.get(f"/v1/documents/{document['id']}/content")).content == pdf
        assert service.kept() == [lost]
        assert service.staged() == []

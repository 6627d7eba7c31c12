"""What an upload becomes, and what is refused."""

import hashlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data.records import JobState

if TYPE_CHECKING:
    from tests.api.conftest import Service

BOUNDARY = "b0und4ry"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(disposition: str, content: bytes) -> bytes:
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/v1/documents", content=body, headers=FORM)


class TestAnUpload:
    async def test_is_kept_queued_and_rung_for(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        fields = {"title": "On bees", "tags": ["bees", "flight"]}
        answer = await client.post("/v1/documents", files={"file": ("bees.pdf", pdf)}, data=fields)

        assert answer.status_code == 202
        body = answer.json()
        assert answer.headers["Location"] == f"/v1/jobs/{body['job']['id']}"
        document = body["document"]
        assert (document["filename"], document["title"]) == ("bees.pdf", "On bees")
        assert document["tags"] == ["bees", "flight"]
        assert (document["state"], document["bytes"]) == ("indexing", len(pdf))
        assert document["sha256"] == hashlib.sha256(pdf).hexdigest()
        assert (body["job"]["state"], body["duplicate"]) == ("queued", False)
        assert [file.read_bytes() for file in service.kept()] == [pdf]
        assert service.staged() == []
        assert service.bell.rings == 1

    async def test_of_the_same_bytes_is_the_same_document(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        first = (await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})).json()
        again = await client.post("/v1/documents", files={"file": ("b.pdf", pdf)})

        assert again.status_code == 200
        assert again.json() == {**first, "duplicate": True}
        assert again.headers["Location"] == f"/v1/jobs/{first['job']['id']}"
        assert len(service.kept()) == 1
        assert service.staged() == []
        assert service.bell.rings == 1

    async def test_onto_a_failed_document_queues_it_with_the_new_password(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        first = (await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})).json()
        service.stores.claims.fail(service.claim(), "password_required", "Encrypted.")
        again = await client.post(
            "/v1/documents", files={"file": ("a.pdf", pdf)}, data={"password": " s3cret "}
        )

        assert again.status_code == 202
        assert again.json()["duplicate"]
        assert again.json()["document"]["id"] == first["document"]["id"]
        assert again.json()["job"]["id"] != first["job"]["id"]
        claim = service.claim()
        sealed = service.stores.versions.source(claim).password
        assert sealed is not None
        assert service.stores.secrets.unseal(sealed, claim.document_id) == " s3cret "
        assert len(service.kept()) == 1

    async def test_counts_while_the_broker_is_away(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        service.bell.away = True
        answer = await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})

        assert answer.status_code == 202
        assert len(service.stores.rings.due(10)) == 1

    async def test_takes_fields_in_any_order(self, client: httpx.AsyncClient, pdf: bytes) -> None:
        body = form(
            part('form-data; name="file"; filename="a.pdf"', pdf),
            part('form-data; name="title"', "Über Bienen".encode()),
            part('form-data; name="tags"', b"a"),
            part('form-data; name="tags"', b"a"),
        )
        document = (await post(client, body)).json()["document"]

        assert (document["title"], document["tags"]) == ("Über Bienen", ["a"])

    @pytest.mark.parametrize(
        ("disposition", "name"),
        [
            ('name="file"; filename="plain.pdf"', "plain.pdf"),
            ('name="file"; filename="Bücher €.pdf"', "Bücher €.pdf"),
            ("name=file; filename=x.pdf; filename*=UTF-8''B%C3%BCcher.pdf", "Bücher.pdf"),
            ("name=file; filename*0*=UTF-8''B%C3%BC; filename*1=\"cher.pdf\"", "Bücher.pdf"),
            ('name="file"; filename="C:\\temp\\..\\report.pdf"', "report.pdf"),
            ('name="file"; filename="../../etc/passwd"', "passwd"),
            ('name="file"; filename="a\u202efdp.exe"', "afdp.exe"),
            ('name="file"; filename=".."', "document"),
            ('name="file"', "document"),
            ("name=file; filename*=unicode_escape''%5Cud800.pdf", "?.pdf"),
        ],
    )
    async def test_keeps_the_name_and_no_folders(
        self, client: httpx.AsyncClient, pdf: bytes, disposition: str, name: str
    ) -> None:
        answer = await post(client, form(part(f"form-data; {disposition}", pdf)))

        assert answer.json()["document"]["filename"] == name

    async def test_larger_than_a_piece_is_whole(
        self, client: httpx.AsyncClient, service: "Service", pdf: bytes
    ) -> None:
        content = pdf + bytes(range(256)) * 12_000 + b"\r\n--" + BOUNDARY[:4].encode()
        body = form(part('form-data; name="file"; filename="a.pdf"', content))

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 65_521):
                yield body[start : start + 65_521]

        answer = await client.post("/v1/documents", content=pieces(), headers=FORM)

        assert answer.json()["document"]["sha256"] == hashlib.sha256(content).hexdigest()
        assert service.kept()[0].read_bytes() == content


REFUSED: list[tuple[str, bytes, int, str]] = [
    ("an empty file", form(part('form-data; name="file"; filename="a"', b"")), 422, "empty_file"),
    (
        "a text named .pdf",
        form(part('form-data; name="file"; filename="a.pdf"', b"hello " * 500)),
        415,
        "unsupported_file",
    ),
    (
        "a long text named .pdf",
        form(part('form-data; name="file"; filename="a.pdf"', b"hello " * 400_000)),
        415,
        "unsupported_file",
    ),
    ("no file", form(part('form-data; name="title"', b"x")), 422, "invalid"),
    ("an empty form", form(), 422, "invalid"),
    ("an unknown field", form(part('form-data; name="color"', b"x")), 422, "invalid"),
    (
        "two files",
        form(*[part('form-data; name="file"; filename="a"', b"%PDF-1")] * 2),
        422,
        "invalid",
    ),
    ("two titles", form(*[part('form-data; name="title"', b"x")] * 2), 422, "invalid"),
    ("a NUL in a field", form(part('form-data; name="title"', b"a\0b")), 422, "invalid"),
    (
        "a NUL in the filename",
        form(part("form-data; name=file; filename*=UTF-8''a%00.pdf", b"%PDF-1")),
        422,
        "invalid",
    ),
    ("a field that is not UTF-8", form(part('form-data; name="title"', b"\xff")), 422, "invalid"),
    ("a long title", form(part('form-data; name="title"', b"x" * 501)), 422, "invalid"),
    ("a huge field", form(part('form-data; name="library"', b"x" * 20_000)), 422, "invalid"),
    (
        "many tags",
        form(*[part("form-data; name=tags", b"%d" % n) for n in range(51)]),
        422,
        "invalid",
    ),
    ("many parts", form(*[part("form-data; name=title", b"")] * 129), 400, "malformed"),
    (
        "an unknown library",
        form(
            part('form-data; name="library"', b"nowhere"),
            part('form-data; name="file"; filename="a"', b"%PDF-1"),
        ),
        404,
        "library_not_found",
    ),
    ("a form that breaks off", part("form-data; name=file", b"%PDF-1"), 400, "malformed"),
    ("a part without a name", form(part("form-data", b"x")), 400, "malformed"),
    ("no form", b"hello", 400, "malformed"),
    ("nothing", b"", 400, "malformed"),
]


@pytest.mark.parametrize(
    ("body", "status", "code"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
async def test_what_is_wrong_is_said_and_leaves_nothing(
    client: httpx.AsyncClient, service: "Service", body: bytes, status: int, code: str
) -> None:
    answer = await post(client, body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert service.staged() == service.kept() == []
    assert (await client.get("/v1/documents")).json()["items"] == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data", f"multipart/form-data; boundary={'x' * 300}", ""],
)
async def test_another_kind_of_body_is_malformed(
    client: httpx.AsyncClient, content_type: str
) -> None:
    answer = await client.post(
        "/v1/documents", content=b"{}", headers={"Content-Type": content_type}
    )

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


async def test_a_full_disk_keeps_nothing_and_says_so(
    client: httpx.AsyncClient, service: "Service", pdf: bytes
) -> None:
    service.stores.blobs._min_free_bytes = 2**62
    answer = await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
    assert "Retry-After" in answer.headers


async def test_a_file_over_the_limit_is_refused_while_it_comes(
    client: httpx.AsyncClient, service: "Service"
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield part('form-data; name="file"; filename="a.pdf"', b"%PDF-1.7")[:-2]
        while sent < 300 * 2**20:
            sent += 2**20
            yield bytes(2**20)

    answer = await client.post("/v1/documents", content=endless(), headers=FORM)

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "file_too_large")
    assert answer.json()["error"]["details"] == {"limit_bytes": 8_000_000}
    assert service.staged() == service.kept() == []


async def test_a_reader_may_not_upload(
    client: httpx.AsyncClient, service: "Service", pdf: bytes
) -> None:
    from data.records import Role

    headers = service.new_key(Role.READER)
    answer = await client.post("/v1/documents", files={"file": ("a.pdf", pdf)}, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert service.stores.jobs.newest(service.workspace, JobState.QUEUED, None, 1, None).items == ()


async def test_the_job_of_an_upload_can_be_asked(client: httpx.AsyncClient, pdf: bytes) -> None:
    uploaded = await client.post("/v1/documents", files={"file": ("a.pdf", pdf)})
    job: dict[str, Any] = (await client.get(uploaded.headers["Location"])).json()

    assert job == uploaded.json()["job"]
    assert job["progress"] == {"done": 0, "total": 0, "unit": "pages"}
    assert (job["kind"], job["stage"], job["error"]) == ("ingest", None, None)

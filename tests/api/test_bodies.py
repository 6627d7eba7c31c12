"""Bodies on a real connection: what is read of them, and when the answer is sent."""

import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from data.records import Role
from data.settings import Settings, UploadSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import Service

BOUNDARY = "b0und4ry"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
).encode()


def upload_head(key: str, length: int | None, *more: str) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [
        "POST /v1/documents HTTP/1.1",
        "Host: x",
        f"Authorization: {key}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        size,
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_of(connection: socket.socket) -> tuple[int, bytes]:
    """Return the status and the body of the response, as soon as they are there."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += connection.recv(65536)
    head, _, body = seen.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(lines[b"content-length"]):
        body += connection.recv(65536)
    return int(head.split()[1]), body


class TestBeforeTheBody:
    @pytest.mark.parametrize("length", [10_000_000_000, 7_000_000, None])
    def test_a_wrong_key_is_refused(
        self, address: tuple[str, int], service: "Service", length: int | None
    ) -> None:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(upload_head("Bearer wrong", length))
            status, body = answer_of(connection)

        assert status == 401
        assert b'"unauthenticated"' in body
        assert service.staged() == []

    def test_a_role_that_may_not_upload_is_refused(
        self, address: tuple[str, int], service: "Service"
    ) -> None:
        key = service.new_key(Role.READER)["Authorization"]
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(upload_head(key, 7_000_000))
            status, _ = answer_of(connection)

        assert status == 403
        assert service.staged() == []

    def test_a_length_over_the_limit_is_refused(
        self, address: tuple[str, int], service: "Service"
    ) -> None:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(upload_head(f"Bearer {service.key}", 300_000_000))
            status, body = answer_of(connection)

        assert status == 413
        assert b'"file_too_large"' in body

    def test_a_file_of_another_kind_is_refused_at_its_first_megabyte(
        self, address: tuple[str, int], service: "Service"
    ) -> None:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(upload_head(f"Bearer {service.key}", 7_000_000))
            connection.sendall(HEAD.replace(b"%PDF", b"text") + b"text" * 500_000)
            status, body = answer_of(connection)

        assert status == 415
        assert b'"unsupported_file"' in body

    def test_a_client_that_asks_first_never_sends_it(
        self, address: tuple[str, int], service: "Service"
    ) -> None:
        head = upload_head("Bearer wrong", 300_000_000, "Expect: 100-continue")
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(head)
            status, _ = answer_of(connection)

        assert status == 401

    @pytest.mark.parametrize("length", ["-5", "abc", "1e9"])
    def test_a_length_that_is_none_is_an_error(
        self, address: tuple[str, int], service: "Service", length: str
    ) -> None:
        head = upload_head(f"Bearer {service.key}", 0).replace(b": 0\r", f": {length}\r".encode())
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(head)

            assert b" 400 " in connection.recv(65536)


class TestALargeBody:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        uploads = UploadSettings(max_bytes=8_000_000, min_free_bytes=0, drain_seconds=30.0)
        return settings.model_copy(update={"uploads": uploads})

    @pytest.mark.parametrize("known", [True, False])
    def test_is_read_to_its_end_so_that_the_client_sees_the_413(
        self, remote: httpx.Client, service: "Service", known: bool
    ) -> None:
        pieces, size = 300, 2**20

        def body() -> "Iterator[bytes]":
            yield HEAD + b"%PDF-1.7"
            for _ in range(pieces):
                yield bytes(size)
            yield f"\r\n--{BOUNDARY}--\r\n".encode()

        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        if known:
            headers["Content-Length"] = str(sum(map(len, body())))
        answer = remote.post("/v1/documents", content=body(), headers=headers)

        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "file_too_large")
        assert service.staged() == []

    def test_can_be_sent_whole_before_the_answer_is_read(
        self, address: tuple[str, int], service: "Service"
    ) -> None:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(upload_head(f"Bearer {service.key}", 100 * 2**20))
            for _ in range(100):
                connection.sendall(bytes(2**20))
            status, _ = answer_of(connection)

        assert status == 413

    def test_of_another_route_is_not_gathered(self, remote: httpx.Client) -> None:
        def body() -> "Iterator[bytes]":
            for _ in range(50):
                yield b" " * 2**20

        answer = remote.post("/v1/ask", content=body())

        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


class TestTheRest:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        uploads = UploadSettings(max_bytes=8_000_000, min_free_bytes=0, drain_seconds=0.1)
        return settings.model_copy(update={"uploads": uploads})

    def test_of_a_body_that_does_not_come_is_not_waited_for(self, address: tuple[str, int]) -> None:
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(upload_head("Bearer wrong", 1_000_000))
            answer_of(connection)

            assert connection.recv(1) == b""


def test_a_client_that_leaves_in_the_middle_leaves_nothing(
    address: tuple[str, int], service: "Service", remote: httpx.Client
) -> None:
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(upload_head(f"Bearer {service.key}", 5_000_000))
        connection.sendall(HEAD + b"%PDF-1.7" + bytes(3_000_000))
        while not service.staged():
            pass

    while service.staged():
        pass
    assert service.kept() == []
    assert remote.get("/v1/documents").json()["items"] == []
    told = 'footnote_requests_total{method="POST",route="/v1/documents",status="499"} 1.0'
    assert told in remote.get("/metrics").text

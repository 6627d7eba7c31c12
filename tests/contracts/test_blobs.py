"""Files are kept whole, found by their key and removed without a trace, wherever they lie."""

import hashlib
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.blobs import LocalBlobs
from data.errors import BlobsUnavailable, NotFound, StorageFull
from data.remote_blobs import RemoteBlobs
from data.staging import Staging

KEY = "ws-1/doc-1/1"


@pytest.fixture(params=["local", "memory", "file"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalBlobs]:
    if request.param == "local":
        yield LocalBlobs(tmp_path / "blobs", 0)
    elif request.param == "memory":
        # The memory is the process's own: every test has its bucket.
        bucket = hashlib.sha256(str(tmp_path).encode()).hexdigest()
        yield RemoteBlobs(f"memory://{bucket}/prefix", tmp_path / "blobs", 0)
    else:
        yield RemoteBlobs(f"file://{tmp_path}/far", tmp_path / "blobs", 0)


@pytest.fixture
def store(blobs: LocalBlobs) -> Callable[..., str]:
    """Receives bytes and keeps them under a key; returns their hash."""

    def store(key: str, *pieces: bytes) -> str:
        staging = blobs.stage()
        for piece in pieces:
            staging.write(piece)
        digest = staging.finish()
        blobs.keep(staging.name, key)
        return digest

    return store


def fill(staging: Staging) -> None:
    """Write in pieces, the last of which is still in memory when the disk is full."""
    for _ in range(1000):
        staging.write(b"x" * 1000)


class TestAFile:
    def test_is_kept_byte_for_byte_with_its_hash(
        self, blobs: LocalBlobs, store: Callable[..., str]
    ) -> None:
        content = bytes(range(256)) * 12_000

        digest = store(KEY, content[:1000], content[1000:])

        assert digest == hashlib.sha256(content).hexdigest()
        assert b"".join(blobs.read(KEY)) == content
        with blobs.local(KEY) as path:
            assert path.read_bytes() == content

    def test_shows_its_size_and_its_first_bytes_while_it_arrives(self, blobs: LocalBlobs) -> None:
        staging = blobs.stage()
        for _ in range(3):
            staging.write(b"%PDF" + b"x" * 500)

        assert staging.bytes == 1512
        assert len(staging.head) == 1024
        assert staging.head.startswith(b"%PDF")
        staging.close()

    def test_that_was_not_kept_leaves_nothing(self, blobs: LocalBlobs) -> None:
        staging = blobs.stage()
        staging.write(b"half")
        staging.close()
        blobs.discard(staging.name)
        blobs.discard(staging.name)

        assert blobs.used_bytes() == 0
        with pytest.raises(NotFound):
            blobs.keep(staging.name, KEY)

    def test_that_is_not_there_is_not_found(self, blobs: LocalBlobs) -> None:
        with pytest.raises(NotFound), blobs.local(KEY):
            pass
        with pytest.raises(NotFound):
            list(blobs.read(KEY))

    def test_leaves_no_copy_behind_when_it_was_read(
        self, blobs: LocalBlobs, store: Callable[..., str], tmp_path: Path
    ) -> None:
        store(KEY, b"content")

        with blobs.local(KEY):
            pass

        assert list((tmp_path / "blobs" / ".staging").iterdir()) == []


class TestRemoving:
    def test_takes_all_versions_of_a_document_and_no_other(
        self, blobs: LocalBlobs, store: Callable[..., str]
    ) -> None:
        for key in ("ws-1/doc-1/1", "ws-1/doc-1/2", "ws-1/doc-10/1"):
            store(key, b"content")

        blobs.delete("ws-1/doc-1")
        blobs.delete("ws-1/doc-1")

        for key in ("ws-1/doc-1/1", "ws-1/doc-1/2"):
            with pytest.raises(NotFound):
                list(blobs.read(key))
        assert b"".join(blobs.read("ws-1/doc-10/1")) == b"content"
        assert blobs.used_bytes() == 7

    def test_takes_one_version(self, blobs: LocalBlobs, store: Callable[..., str]) -> None:
        store("ws-1/doc-1/1", b"old")
        store("ws-1/doc-1/2", b"new")

        blobs.delete("ws-1/doc-1/1")

        assert b"".join(blobs.read("ws-1/doc-1/2")) == b"new"


class TestAFullDisk:
    def test_is_told_before_anything_is_received(self, tmp_path: Path) -> None:
        blobs = LocalBlobs(tmp_path / "blobs", 2**62)

        with pytest.raises(StorageFull):
            blobs.stage()

    def test_is_told_in_the_middle_of_a_file(self, blobs: LocalBlobs) -> None:
        staging = blobs.stage()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
        try:
            with pytest.raises(StorageFull):
                fill(staging)
            staging.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

        blobs.discard(staging.name)
        assert blobs.used_bytes() == 0


def test_a_check_succeeds_while_files_can_be_stored(blobs: LocalBlobs, tmp_path: Path) -> None:
    blobs.check()
    (tmp_path / "blobs" / ".staging").rmdir()

    with pytest.raises(BlobsUnavailable):
        blobs.check()

"""Files are kept whole, found by their key and removed without a trace, wherever they lie."""

import hashlib
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
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

    def test_is_not_told_to_be_missing_while_the_folder_of_all_files_is(
        self, tmp_path: Path
    ) -> None:
        """A store that is not mounted, and no fault of the file."""
        blobs = LocalBlobs(tmp_path / "blobs", 0)
        shutil.rmtree(tmp_path / "blobs")

        with pytest.raises(BlobsUnavailable), blobs.local(KEY):
            pass

    def test_leaves_no_copy_behind_when_it_was_read(
        self, blobs: LocalBlobs, store: Callable[..., str], tmp_path: Path
    ) -> None:
        store(KEY, b"content")

        with blobs.local(KEY):
            pass

        assert list((tmp_path / "blobs" / ".staging").iterdir()) == []


class TestACopy:
    def test_has_the_same_bytes_under_another_key(
        self, blobs: LocalBlobs, store: Callable[..., str], tmp_path: Path
    ) -> None:
        content = bytes(range(256)) * 9_000
        store(KEY, content)
        assert (blobs.has(KEY), blobs.has("ws-1/doc-2/1")) == (True, False)

        blobs.copy(KEY, "ws-1/doc-2/1")
        blobs.delete(KEY)

        assert (blobs.has(KEY), blobs.has("ws-1/doc-2/1")) == (False, True)
        assert b"".join(blobs.read("ws-1/doc-2/1")) == content
        assert list((tmp_path / "blobs" / ".staging").iterdir()) == []

    def test_of_nothing_leaves_nothing(self, blobs: LocalBlobs, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            blobs.copy(KEY, "ws-1/doc-2/1")

        assert not blobs.has("ws-1/doc-2/1")
        assert list((tmp_path / "blobs" / ".staging").iterdir()) == []


class SilentStore(fsspec.AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store whose library has words of its own for a server that does not answer."""

    protocol = "silent"
    cachable = False

    def __getattribute__(self, name: str) -> Any:
        if name in ("makedirs", "put_file", "get_file", "open", "exists", "isfile", "du", "rm"):
            raise RuntimeError("no endpoint")
        return super().__getattribute__(name)


class TestAStoreThatIsSilent:
    def test_is_away_and_not_a_defect(self, tmp_path: Path) -> None:
        fsspec.register_implementation("silent", SilentStore, clobber=True)
        blobs = RemoteBlobs("silent://bucket/prefix", tmp_path / "blobs", 0)
        staging = blobs.stage()
        staging.write(b"content")
        staging.finish()

        for call in (
            lambda: blobs.keep(staging.name, KEY),
            lambda: blobs.delete(KEY),
            lambda: blobs.has(KEY),
            lambda: list(blobs.read(KEY)),
            lambda: blobs.local(KEY).__enter__(),
            blobs.check,
            blobs.used_bytes,
        ):
            with pytest.raises(BlobsUnavailable):
                call()

    def test_without_its_bucket_is_away_too(self, tmp_path: Path) -> None:
        class Bucketless(SilentStore):
            protocol = "bucketless"

            def __getattribute__(self, name: str) -> Any:
                if name == "makedirs":
                    return lambda *_a, **_b: None
                if name == "put_file":
                    raise FileNotFoundError("The specified bucket does not exist")
                return super().__getattribute__(name)

        fsspec.register_implementation("bucketless", Bucketless, clobber=True)
        blobs = RemoteBlobs("bucketless://bucket", tmp_path / "blobs", 0)
        staging = blobs.stage()
        staging.finish()

        with pytest.raises(BlobsUnavailable):
            blobs.keep(staging.name, KEY)


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

    def test_is_told_when_the_file_would_fill_it(self, tmp_path: Path) -> None:
        free = shutil.disk_usage(tmp_path).free
        blobs = LocalBlobs(tmp_path / "blobs", free // 2)
        blobs.stage(free // 4).close()

        with pytest.raises(StorageFull):
            blobs.stage(free)

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

"""The vector index against a real Chroma server, and against none."""

import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from data.contents import Vectors
from data.errors import IndexIncomplete, IndexUnavailable
from data.settings import IndexSettings
from data.vectors import BlockingVectors, VectorIndex

SETTINGS = IndexSettings()


@contextmanager
def chroma(folder: Path) -> Iterator[str]:
    """Run a Chroma server over a folder, and give its address."""
    port = _free_port()
    script = str(Path(sys.executable).with_name("chroma"))
    where = ["--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (
        (folder / "log").open("a") as log,
        subprocess.Popen([script, "run", *where], stdout=log, stderr=log) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        while not _answers(url):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        yield url
        process.terminate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Chroma server with nothing in it."""
    with chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1):
            return True
    except (URLError, OSError):
        return False


@pytest.fixture
async def index(server: str) -> AsyncIterator[VectorIndex]:
    index = VectorIndex(server, SETTINGS)
    yield index
    await index.close()


@pytest.fixture
def collection() -> str:
    """A collection that no other test has."""
    return f"fn-{secrets.token_hex(8)}-1"


def directions(*angles: float) -> Vectors:
    radians = np.deg2rad(angles)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


class TestNeighbours:
    async def test_are_the_nearest_first_with_their_similarity(
        self, index: VectorIndex, collection: str
    ) -> None:
        await index.upsert(collection, ["a", "b", "c"], directions(0, 30, 90))

        found = await index.nearest(collection, directions(0, 80), 2)

        assert [[chunk for chunk, _ in row] for row in found] == [["a", "b"], ["c", "b"]]
        assert found[0][0][1] == pytest.approx(1.0, abs=1e-3)
        assert found[0][1][1] == pytest.approx(np.cos(np.deg2rad(30)), abs=1e-3)

    async def test_of_a_collection_that_is_not_there_are_incomplete(
        self, index: VectorIndex, collection: str
    ) -> None:
        with pytest.raises(IndexIncomplete):
            await index.nearest(collection, directions(0, 90), 5)

    async def test_are_all_when_fewer_are_there_than_asked(
        self, index: VectorIndex, collection: str
    ) -> None:
        await index.upsert(collection, ["a"], directions(0))

        assert len((await index.nearest(collection, directions(45), 50))[0]) == 1


class TestWriting:
    async def test_in_many_batches_twice_changes_nothing(
        self, server: str, collection: str
    ) -> None:
        index = VectorIndex(server, IndexSettings(write_batch=3))
        ids = [f"chunk {number}" for number in range(10)]

        for _ in range(2):
            await index.upsert(collection, ids, directions(*range(10)))

        assert await index.count(collection) == 10
        await index.close()

    async def test_goes_on_in_a_collection_that_is_made_twice(
        self, index: VectorIndex, collection: str
    ) -> None:
        await index.create(collection)
        assert await index.count(collection) == 0
        await index.upsert(collection, ["a"], directions(0), create=False)

        await index.create(collection)

        assert await index.count(collection) == 1
        await index.drop(collection)
        await index.create(collection)
        assert await index.count(collection) == 0

    async def test_replaces_the_vector_of_an_id(self, index: VectorIndex, collection: str) -> None:
        await index.upsert(collection, ["a", "b"], directions(0, 90))
        await index.upsert(collection, ["a"], directions(180))

        assert (await index.nearest(collection, directions(0), 1))[0][0][0] == "b"

    async def test_of_nothing_makes_nothing(self, index: VectorIndex, collection: str) -> None:
        await index.upsert(collection, [], np.zeros((0, 2), np.float32))
        await index.delete(collection, [])

        assert await index.count(collection) is None

    async def test_makes_a_collection_only_when_it_may(
        self, index: VectorIndex, collection: str
    ) -> None:
        with pytest.raises(IndexIncomplete):
            await index.upsert(collection, ["a"], directions(0), create=False)
        assert await index.count(collection) is None

        await index.upsert(collection, ["a"], directions(0))
        await index.upsert(collection, ["b"], directions(0), create=False)

        assert await index.count(collection) == 2


class TestRemoving:
    async def test_takes_the_named_and_no_other(self, index: VectorIndex, collection: str) -> None:
        await index.upsert(collection, ["a", "b"], directions(0, 10))

        await index.delete(collection, ["a", "never there"])

        left = await index.nearest(collection, directions(0), 5)
        assert [chunk for chunk, _ in left[0]] == ["b"]

    async def test_from_a_collection_that_is_not_there_is_fine(
        self, index: VectorIndex, collection: str
    ) -> None:
        await index.delete(collection, ["a"])
        await index.drop(collection)

    async def test_of_a_collection_is_seen_by_others_who_may_make_it_anew(
        self, server: str, index: VectorIndex, collection: str
    ) -> None:
        await index.upsert(collection, ["a"], directions(0))
        other = VectorIndex(server, SETTINGS)
        assert await other.count(collection) == 1

        await index.drop(collection)
        with pytest.raises(IndexIncomplete):
            await other.upsert(collection, ["b"], directions(0), create=False)
        await index.upsert(collection, ["c"], directions(0))
        await other.upsert(collection, ["b"], directions(0), create=False)

        assert await index.count(collection) == 2
        await other.close()


class TestLooking:
    async def test_reads_ids_a_few_at_a_time(self, index: VectorIndex, collection: str) -> None:
        await index.upsert(collection, ["c", "a", "b"], directions(0, 10, 20))

        assert await index.ids(collection, 2, 0) == ("c", "a")
        assert await index.ids(collection, 2, 2) == ("b",)
        assert await index.ids(collection, 2, 4) == ()

    async def test_tells_which_of_many_ids_are_held(self, server: str, collection: str) -> None:
        index = VectorIndex(server, IndexSettings(write_batch=3))
        ids = [f"chunk {number}" for number in range(10)]
        await index.upsert(collection, ids, directions(*range(10)))

        assert await index.held(collection, [*ids[2:], "never there"]) == set(ids[2:])
        assert await index.held(collection, []) == set()
        await index.close()

    async def test_lists_the_collections_that_are_ours(
        self, index: VectorIndex, collection: str
    ) -> None:
        await index.upsert(collection, ["a"], directions(0))
        await index.upsert(f"other-{collection}", ["a"], directions(0))

        ours = await index.collections()

        assert collection in ours
        assert f"other-{collection}" not in ours
        await index.drop(collection)
        assert collection not in await index.collections()

    async def test_probes_what_can_be_searched_and_what_is_gone(
        self, index: VectorIndex, collection: str
    ) -> None:
        await index.upsert(collection, ["a", "b"], directions(0, 90))
        await index.probe(collection)
        await index.delete(collection, ["a", "b"])
        await index.probe(collection)

        await index.drop(collection)
        with pytest.raises(IndexIncomplete):
            await index.probe(collection)
        with pytest.raises(IndexIncomplete):
            await index.ids(collection, 1, 0)
        with pytest.raises(IndexIncomplete):
            await index.held(collection, ["a"])


def damage(folder: Path) -> None:
    """Spoil what Chroma writes of a collection once it has a thousand vectors."""
    for written in folder.glob("*/index_metadata.pickle"):
        written.write_bytes(b"junk")


async def test_a_collection_whose_files_are_damaged_is_incomplete_and_no_other(
    tmp_path: Path, collection: str
) -> None:
    whole = f"{collection}-whole"
    with chroma(tmp_path) as url:
        index = VectorIndex(url, SETTINGS)
        await index.upsert(whole, ["a"], directions(0))
        many = [f"chunk {number}" for number in range(1100)]
        await index.upsert(collection, many, directions(*(0.1 * row for row in range(1100))))
        await index.close()
    damage(tmp_path)

    with chroma(tmp_path) as url:
        index = VectorIndex(url, SETTINGS)
        await index.probe(whole)
        with pytest.raises(IndexIncomplete):
            await index.probe(collection)
        await index.close()


def test_a_worker_writes_and_removes_without_an_event_loop(server: str, collection: str) -> None:
    with BlockingVectors(VectorIndex(server, SETTINGS)) as vectors:
        vectors.upsert(collection, ["a", "b"], directions(0, 90))
        vectors.delete(collection, ["a"])
        vectors.probe(collection)
        assert vectors.ids(collection, 10, 0) == ("b",)
        assert vectors.held(collection, ["a", "b"]) == {"b"}
        assert vectors.count(collection) == 1
        assert collection in vectors.collections()
        vectors.drop(collection)
        assert vectors.count(collection) is None


class TestAServerThatIsAway:
    async def test_is_told_as_unavailable(self) -> None:
        index = VectorIndex(f"http://127.0.0.1:{_free_port()}", SETTINGS)

        with pytest.raises(IndexUnavailable):
            await index.check()
        with pytest.raises(IndexUnavailable):
            await index.nearest("fn-any", directions(0), 1)
        with pytest.raises(IndexUnavailable) as away:
            await index.probe("fn-any")
        assert not isinstance(away.value, IndexIncomplete)
        await index.close()

    async def test_is_told_within_the_time_limit_when_it_hangs(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            index = VectorIndex(url, IndexSettings(timeout_seconds=0.1))

            with pytest.raises(IndexUnavailable):
                await index.check()
            await index.close()

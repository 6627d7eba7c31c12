"""Pictures are kept while there is room, whole or not at all."""

import os
import time
from pathlib import Path

import pytest

from data.picture_cache import PictureAddress, PictureCache

FIRST = PictureAddress("doc-1", 1, "1.png")
SECOND = PictureAddress("doc-1", 1, "2.png")
OTHER = PictureAddress("doc-2", 3, "1.png")
ROOM = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "pages"


@pytest.fixture
def cache(folder: Path) -> PictureCache:
    return PictureCache(folder, ROOM)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class TestAPicture:
    def test_is_given_back(self, cache: PictureCache) -> None:
        cache.put(FIRST, b"one")
        cache.put(SECOND, b"")

        assert (cache.get(FIRST), cache.get(SECOND), cache.get(OTHER)) == (b"one", b"", None)

    def test_is_seen_by_other_processes(self, cache: PictureCache, folder: Path) -> None:
        cache.put(FIRST, b"one")

        assert PictureCache(folder, ROOM).get(FIRST) == b"one"

    def test_may_be_too_old(self, cache: PictureCache, folder: Path) -> None:
        cache.put(FIRST, b"one")
        [path] = files(folder)
        os.utime(path, (time.time(), time.time() - 100))

        assert cache.get(FIRST, max_age_seconds=99) is None
        assert cache.get(FIRST, max_age_seconds=1000) == b"one"
        # To be used does not make it younger.
        assert cache.get(FIRST, max_age_seconds=99) is None

    @pytest.mark.parametrize("damage", [b"", b"abc", b"\0" * 7, b"\1\2\3\4one"])
    def test_that_is_damaged_is_none(
        self, cache: PictureCache, folder: Path, damage: bytes
    ) -> None:
        cache.put(FIRST, b"one")
        [path] = files(folder)
        path.write_bytes(damage)

        assert cache.get(FIRST) is None
        assert files(folder) == []

    def test_of_others_is_not_for_other_users_of_the_host(
        self, cache: PictureCache, folder: Path
    ) -> None:
        cache.put(FIRST, b"one")

        assert (folder / "doc-1").stat().st_mode & 0o077 == 0


class TestRoom:
    def test_is_made_by_what_nobody_asked_for_the_longest(
        self, cache: PictureCache, folder: Path
    ) -> None:
        third = ROOM // 3
        for address in (FIRST, SECOND):
            cache.put(address, bytes(third))
            # Some file systems note the first use by themselves, and none the next.
            for path in files(folder):
                if path.name.endswith(address.name):
                    path.read_bytes()
            time.sleep(0.02)
        assert cache.get(FIRST) is not None

        cache.put(OTHER, bytes(third))

        assert [cache.get(one) is None for one in (FIRST, SECOND, OTHER)] == [False, True, False]
        assert sum(path.stat().st_size for path in files(folder)) <= ROOM

    def test_is_taken_by_empty_ones_too(self, cache: PictureCache, folder: Path) -> None:
        for number in range(300):
            cache.put(PictureAddress("doc-1", 1, str(number)), b"")

        assert 200 < len(files(folder)) <= ROOM // 4096

    def test_that_a_picture_alone_does_not_have_leaves_nothing(
        self, cache: PictureCache, folder: Path
    ) -> None:
        cache.put(FIRST, bytes(2 * ROOM))

        assert cache.get(FIRST) is None
        assert files(folder) == []

    def test_on_a_disk_that_is_away_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder")
        cache = PictureCache(tmp_path / "file", ROOM)

        cache.put(FIRST, b"one")
        cache.forget("doc-1", 1)
        cache.sweep()

        assert cache.get(FIRST) is None
        assert cache.versions() == set()


class TestForgetting:
    def test_removes_a_version_and_no_other(self, cache: PictureCache, folder: Path) -> None:
        twelfth = PictureAddress("doc-1", 12, "1.png")
        for address in (FIRST, SECOND, twelfth, OTHER):
            cache.put(address, b"one")
        assert cache.versions() == {("doc-1", 1), ("doc-1", 12), ("doc-2", 3)}

        cache.forget("doc-1", 1)
        cache.forget("doc-2", 3)

        assert [cache.get(one) for one in (FIRST, SECOND, OTHER)] == [None] * 3
        assert cache.get(twelfth) == b"one"
        assert [path.name for path in folder.iterdir()] == ["doc-1"]

    def test_sweeps_up_what_the_dead_were_writing(self, cache: PictureCache, folder: Path) -> None:
        cache.put(FIRST, b"one")
        for name, age in ((".old", 3600), (".new", 0)):
            (folder / name).write_bytes(b"half of")
            os.utime(folder / name, (time.time() - age, time.time() - age))

        cache.sweep()

        assert sorted(path.name for path in folder.iterdir()) == [".new", "doc-1"]
        assert cache.versions() == {("doc-1", 1)}

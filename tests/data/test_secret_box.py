"""What is sealed opens with the same key at the same place, and nowhere else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from data.errors import SetupError
from data.secret_box import SecretBox

PASSWORD = "grüße, \N{KEY}"


class TestABox:
    def test_gives_back_what_was_sealed(self, tmp_path: Path) -> None:
        box = SecretBox.open(None, tmp_path)

        sealed = box.seal(PASSWORD, "doc-1")

        assert box.unseal(sealed, "doc-1") == PASSWORD
        assert PASSWORD.encode() not in sealed
        assert box.seal(PASSWORD, "doc-1") != sealed

    def test_opens_at_its_place_only(self, tmp_path: Path) -> None:
        box = SecretBox.open(None, tmp_path)

        with pytest.raises(SetupError):
            box.unseal(box.seal(PASSWORD, "doc-1"), "doc-2")

    def test_opens_with_its_key_only(self) -> None:
        sealed = SecretBox(b"a" * 32).seal(PASSWORD, "doc-1")

        with pytest.raises(SetupError):
            SecretBox(b"b" * 32).unseal(sealed, "doc-1")


class TestTheKey:
    def test_is_kept_for_the_next_start_readable_by_its_owner(self, tmp_path: Path) -> None:
        sealed = SecretBox.open(None, tmp_path).seal(PASSWORD, "doc-1")

        assert SecretBox.open(None, tmp_path).unseal(sealed, "doc-1") == PASSWORD
        assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]

    def test_is_one_for_all_who_start_at_once(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            boxes = list(pool.map(lambda _: SecretBox.open(None, tmp_path), range(8)))

        sealed = boxes[0].seal(PASSWORD, "doc-1")
        assert {box.unseal(sealed, "doc-1") for box in boxes} == {PASSWORD}

    def test_may_be_given(self, tmp_path: Path) -> None:
        given = SecretStr("0a" * 32)

        sealed = SecretBox.open(given, tmp_path).seal(PASSWORD, "doc-1")

        assert SecretBox(b"\n" * 32).unseal(sealed, "doc-1") == PASSWORD
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("text", ["", "xyz", "0a" * 16, "0a" * 31, "0a" * 33])
    def test_is_refused_unless_it_has_32_bytes(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "secret.key").write_text(text)

        with pytest.raises(SetupError):
            SecretBox.open(None, tmp_path)

"""The type of a file is told by its bytes; names only tell texts apart."""

import random
import zipfile
from pathlib import Path

import pytest

from data.errors import UnsupportedFile
from data.file_errors import EmptyFile
from ingestion.media_types import (
    DOCX,
    ENCRYPTED_OFFICE,
    EPUB,
    PDF,
    XLSX,
    media_type_of,
    refuse_foreign,
)
from ingestion.text_kinds import CSV, HTML, MARKDOWN, PLAIN
from tests.ingestion.packages import docx, epub, package, zipped

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
TEXTS: list[tuple[str, bytes, str]] = [
    ("a.txt", b"Some words.", PLAIN),
    ("a", b"Some words.", PLAIN),
    ("a.PDF.txt", b"x", PLAIN),
    ("a.txt", b"  <!-- x --><!DOCTYPE html><p>Words", HTML),
    ("a.csv", b"\xef\xbb\xbf<html><body>An error page", HTML),
    ("a.xhtml", b'<?xml version="1.0"?><html xmlns="x"/>', HTML),
    ("a.html", b"just words", HTML),
    ("a.md", b"just words", MARKDOWN),
    ("README", b"# Title\n\nSee [this](https://example.com).\n", MARKDOWN),
    ("a.txt", b"# Title\n\nSee [this](https://example.com).\n", PLAIN),
    ("a.csv", b"one\ntwo\n", CSV),
    ("data", b"a;b;c\n1;2;3\n4;5;6\n7;8", CSV),
    ("prose", b"One, two, three.\nFour, five.\nSix.\n", PLAIN),
    ("a.csv", "Größe;5\n".encode("utf-16"), CSV),
    ("a.txt", "Wörter ohne Marke, aber lang genug.".encode("utf-16-le"), PLAIN),
    ("a.txt", "Größe, café, naïve".encode("cp1252"), PLAIN),
    ("a.log", b"\x1b[31mred\x1b[0m a line\n" * 50, PLAIN),
    ("a.json", b'{"a": 1}', PLAIN),
    ("x.pdf", b"junk before\n%PDF-1.7\n", PDF),
    ("x.docx", b"%PDF-1.7\n", PDF),
    ("x.docx", OLE + "EncryptedPackage".encode("utf-16-le"), ENCRYPTED_OFFICE),
]
REFUSED: list[tuple[str, bytes]] = [
    ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ("a.txt", random.Random(1).randbytes(10_000)),
    ("a.txt", b"words and words\n" * 200_000 + random.Random(1).randbytes(500_000)),
    ("a.txt", "Größe ".encode("utf-16") * 1000 + random.Random(1).randbytes(50_000)),
    ("a.bin", b"hello\0world\n" * 100),
    ("a.txt", b"{\\rtf1 hello}"),
    ("a.pdf", b"<html>Please log in.</html>"),
    ("a.docx", b"Just words."),
    ("a.doc", OLE + "WordDocument".encode("utf-16-le")),
    ("a.docx", b"PK\x03\x04" + random.Random(1).randbytes(1000)),
    ("a.docx", b"PK\x05\x06" + bytes(18)),
]


def typed(folder: Path, name: str, content: bytes) -> str:
    path = folder / "staged"
    path.write_bytes(content)
    return media_type_of(path, name)


@pytest.mark.parametrize(("name", "content", "media_type"), TEXTS)
def test_a_file_is_what_its_bytes_say(
    tmp_path: Path, name: str, content: bytes, media_type: str
) -> None:
    refuse_foreign(content[:1024], name)

    assert typed(tmp_path, name, content) == media_type


@pytest.mark.parametrize(("name", "content"), REFUSED)
def test_what_is_no_document_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(UnsupportedFile):
        typed(tmp_path, name, content)


def test_a_picture_is_not_called_a_text(tmp_path: Path) -> None:
    for name in ("a.png", "a.pdf", "a.txt"):
        with pytest.raises(UnsupportedFile) as refused:
            typed(tmp_path, name, b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(500))

        assert "it is text" not in str(refused.value)


def test_an_empty_file_is_refused_as_one(tmp_path: Path) -> None:
    with pytest.raises(EmptyFile):
        typed(tmp_path, "a.txt", b"")


def test_what_can_never_be_read_is_refused_by_its_first_bytes() -> None:
    for name, content in REFUSED[:2]:
        with pytest.raises(UnsupportedFile):
            refuse_foreign(content[:1024], name)


@pytest.mark.parametrize(
    "text",
    [
        b"<!--x-->" * 100_000,
        b"<?xml <!--" * 100_000,
        b"<!-- " * 200_000,
        b"[" * 1_000_000,
        b"[a](" * 250_000,
        b"**a" * 300_000,
        b"-" * 1_000_000,
    ],
)
def test_text_made_to_hurt_is_told_at_once(tmp_path: Path, text: bytes) -> None:
    refuse_foreign(text[:1024], "a")

    assert typed(tmp_path, "a", text) == PLAIN


class TestAPackage:
    def test_is_what_its_list_of_types_says(self, tmp_path: Path) -> None:
        sheet = package(
            tmp_path / "x", "book.xml", "vnd.ms-excel.sheet.macroEnabled.main", {"book.xml": ""}
        )

        assert media_type_of(docx(tmp_path / "a", "<w:p/>"), "a.pdf") == DOCX
        assert media_type_of(sheet, "a.txt") == XLSX
        assert media_type_of(epub(tmp_path / "e", {}), "a") == EPUB

    def test_of_another_program_is_refused(self, tmp_path: Path) -> None:
        open_document = {"mimetype": "application/vnd.oasis.opendocument.text"}

        for parts in ({"a.txt": "x"}, open_document):
            with pytest.raises(UnsupportedFile):
                media_type_of(zipped(tmp_path / "a", dict(parts)), "a.docx")

    def test_that_breaks_off_is_told_by_its_first_parts(self, tmp_path: Path) -> None:
        whole = docx(tmp_path / "a", "<w:p/>").read_bytes()

        assert typed(tmp_path, "a.docx", whole[:-30]) == DOCX

    @pytest.mark.parametrize(
        ("method", "at", "byte"), [(zipfile.ZIP_LZMA, 53, 0xFF), (0, 30, 0xFF)]
    )
    def test_with_damaged_parts_is_refused(
        self, tmp_path: Path, method: int, at: int, byte: int
    ) -> None:
        path = tmp_path / "a"
        with zipfile.ZipFile(path, "w", method) as file:
            file.writestr("[Content_Types].xml", "x" * 1000)
        content = bytearray(path.read_bytes())
        # Names are said to be UTF-8, in the part and in the list of parts.
        content[7] |= 8
        content[content.rfind(b"PK\x01\x02") + 9] |= 8
        content[at] = byte

        with pytest.raises(UnsupportedFile):
            typed(tmp_path, "a.docx", bytes(content))

    def test_with_a_list_of_millions_of_parts_is_not_listed(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("[Content_Types].xml", "x")
            for number in range(3000):
                file.writestr("word/" + "x" * 3000 + str(number), b"")

        # Told by its first part's name: its reader refuses it.
        assert media_type_of(path, "a.docx") == DOCX

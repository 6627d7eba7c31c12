"""Packages and texts made to hurt end in an error that says why, or in text; nothing leaks."""

import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.errors import FileRejected
from data.file_errors import PasswordRequired, TooManyPages, UnreadableFile
from data.settings import OcrSettings, ParsingSettings
from ingestion.media_types import media_type_of
from ingestion.reading import Reader, Reading
from tests.ingestion.packages import S, docx, epub, package, relations, zipped
from tests.slices import Unbounded

Read = Callable[[Path], Reading]
TEXT = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
ENTITIES = "<!DOCTYPE w [{}]>"
LAUGHS = '<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    settings = ParsingSettings(max_pages=500)
    with Reader(settings, OcrSettings(enabled=False)) as reader:
        yield reader


@pytest.fixture
def read(reader: Reader) -> Read:
    """Read a file in the parser process."""

    def read(path: Path) -> Reading:
        return reader.read(path, None, 1, 0.0, Unbounded(), media_type_of(path, path.name))

    return read


def workbook(path: Path, rows: str, texts: str = "") -> Path:
    book = (
        f'<workbook {S} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    return package(
        path,
        "xl/workbook.xml",
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main",
        {
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": relations(
                ("worksheet", "sheet.xml"), ("sharedStrings", "texts.xml")
            ),
            "xl/sheet.xml": f"<worksheet {S}><sheetData>{rows}</sheetData></worksheet>",
            "xl/texts.xml": f"<sst {S}>{texts}</sst>",
        },
    )


def cut(folder: Path) -> Path:
    path = docx(folder / "a.docx", TEXT.format("words " * 5000))
    path.write_bytes(path.read_bytes()[:-200])
    return path


def damaged(folder: Path) -> Path:
    path = docx(folder / "a.docx", TEXT.format(random.Random(1).randbytes(9000).hex()))
    content = path.read_bytes()
    path.write_bytes(content[:1500] + bytes(500) + content[2000:])
    return path


def bomb(folder: Path) -> Path:
    path = docx(folder / "a.docx", TEXT.format("x"))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/media/bomb.bin", bytes(1 << 20))
        # What a bomb says too; that it is true would take ten seconds more.
        file.infolist()[-1].file_size = (1 << 30) + 1
    return path


REFUSED: dict[str, tuple[Callable[[Path], Path], type[FileRejected]]] = {
    "a-bomb": (bomb, UnreadableFile),
    "entities-that-laugh": (
        lambda folder: docx(folder / "a.docx", TEXT.format("&a11;"), ENTITIES.format(LAUGHS)),
        UnreadableFile,
    ),
    "laughs-in-a-sheet": (
        lambda folder: workbook(folder / "a.xlsx", "<row>&a;</row>"),
        UnreadableFile,
    ),
    "a-package-that-breaks-off": (cut, UnreadableFile),
    "a-damaged-part": (damaged, UnreadableFile),
    "no-xml": (lambda folder: docx(folder / "a.docx", "</w:p>"), UnreadableFile),
    "tables-without-end": (
        lambda folder: docx(folder / "a.docx", "<w:tbl><w:tr><w:tc>" * 1000),
        UnreadableFile,
    ),
    "a-book-without-a-list": (
        lambda folder: zipped(folder / "a.epub", {"mimetype": "application/epub+zip"}),
        UnreadableFile,
    ),
    "a-locked-book": (
        lambda folder: epub(
            folder / "a.epub",
            {"a.xhtml": "x"},
            encryption='<encryption><CipherReference URI="OEBPS/a.xhtml"/></encryption>',
        ),
        UnreadableFile,
    ),
    "an-encrypted-office-file": (
        lambda folder: _written(
            folder / "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        ),
        PasswordRequired,
    ),
    "a-long-text": (lambda folder: _written(folder / "a.txt", b"x" * 3_000_000), TooManyPages),
    "a-long-table": (
        lambda folder: _written(folder / "a.csv", b"a,b\n" * 100_000), TooManyPages,
    ),
}  # fmt: skip


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_file_is_refused_with_its_reason(name: str, read: Read, tmp_path: Path) -> None:
    make, error = REFUSED[name]

    with pytest.raises(error):
        read(make(tmp_path))


class TestWhatIsOutside:
    @pytest.fixture
    def secret(self, tmp_path: Path) -> Path:
        return _written(tmp_path / "secret.txt", b"TOP-SECRET")

    def test_is_not_read_into_a_document(self, read: Read, tmp_path: Path, secret: Path) -> None:
        entity = ENTITIES.format(f'<!ENTITY x SYSTEM "file://{secret}">')
        path = docx(tmp_path / "a.docx", TEXT.format("before &x;"), entity)

        assert [page.text for page in read(path).pages] == ["before"]

    def test_is_not_read_into_a_book(self, read: Read, tmp_path: Path, secret: Path) -> None:
        entity = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]>'
        text = f"{entity}<html><body><p>before &x; after</p></body></html>"

        [page] = read(epub(tmp_path / "a.epub", {"a.xhtml": text})).pages

        assert "SECRET" not in page.text
        assert page.text.startswith("before")

    def test_is_not_followed_out_of_the_package(
        self, read: Read, tmp_path: Path, secret: Path
    ) -> None:
        path = epub(tmp_path / "a.epub", {f"../../{secret}": "inside", "b.xhtml": "<p>Words"})

        assert "SECRET" not in "".join(page.text for page in read(path).pages)


class TestASheet:
    def test_with_cells_that_lie_is_read_as_far_as_it_makes_sense(
        self, read: Read, tmp_path: Path
    ) -> None:
        rows = (
            '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>99</v></c></row>'
            '<row r="x"><c r="ZZZZZZ9"><v>1e999</v></c><c s="77"><v>nan</v></c></row>'
            '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row>'
        )
        path = workbook(tmp_path / "a.xlsx", rows, "<si><r><t>A </t></r><r><t>name</t></r></si>")

        text = "\n".join(page.text for page in read(path).pages)

        assert "A name" in text
        assert text.endswith("far")


@pytest.mark.parametrize("text", ["[" * 20_000, "> " * 5_000 + "x", "*a **b " * 5_000])
def test_markdown_made_to_hurt_ends(read: Read, tmp_path: Path, text: str) -> None:
    assert read(_written(tmp_path / "a.md", text.encode())).facts.pages >= 1

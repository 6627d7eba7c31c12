"""Files made to hurt end in an error that says why, or in pages; nothing else is harmed."""

import random
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data.contents import Page
from data.errors import FileRejected
from data.file_errors import ParserOutOfMemory, TooManyPages, UnreadableFile
from data.settings import OcrSettings, ParsingSettings
from ingestion.reading import Reader, Reading
from tests.ingestion.hostile_files import (
    HELVETICA,
    deflated,
    flate,
    form,
    many_pages,
    object_stream_bomb,
    one_page,
    page_tree,
    pdf,
    stream,
    text,
    titled,
)
from tests.slices import Unbounded

Read = Callable[[bytes], Reading]

GIB = 1 << 30
WORDS = b"Some words on a page."
REFUSED: dict[str, tuple[Callable[[], bytes], type[FileRejected]]] = {
    "bomb-in-an-object-stream": (lambda: object_stream_bomb(4 * GIB), ParserOutOfMemory),
    "garbage-behind-a-header": (lambda: b"%PDF-1.7\n" + noise(10 << 20), UnreadableFile),
    "objects-that-never-end": (lambda: b"%PDF-1.7\n" + b"1 0 obj\n<<" * 400_000, UnreadableFile),
    "a-page-tree-of-itself": (
        lambda: page_tree(b"<</Type/Pages/Kids[2 0 R 2 0 R]>>"), UnreadableFile,
    ),
    "a-page-tree-that-doubles": (
        lambda: page_tree(
            *(b"<</Type/Pages/Kids[%d 0 R %d 0 R]>>" % (n + 1, n + 1) for n in range(2, 42)),
            b"<</Type/Page/MediaBox[0 0 9 9]>>",
        ),
        UnreadableFile,
    ),
    "100,000-pages": (lambda: many_pages(100_000), TooManyPages),
    "100,000-pages-declared": (lambda: many_pages(3, 100_000), TooManyPages),
    "a-security-handler-nobody-knows": (
        lambda: one_page(
            text(WORDS), b"<</Filter/Nobody.Knows/V 9/R 9>>", trailer=b"/Encrypt 6 0 R/ID[<0><0>]"
        ),
        UnreadableFile,
    ),
    "a-cross-reference-to-itself": (
        lambda: b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Root 1 0 R/Prev 9>>\n"
        b"startxref\n9\n%%EOF",
        UnreadableFile,
    ),
}  # fmt: skip
KILLING: dict[str, Callable[[], bytes]] = {
    "a-bomb": lambda: one_page(flate(deflated(4 * GIB))),
    "a-bomb-of-words": lambda: one_page(flate(deflated(4 * GIB, b"BT (xx) Tj ET "))),
    "a-bomb-under-three-filters": lambda: one_page(flate(deflated(4 * GIB, rounds=3), 3)),
    "a-form-in-itself": lambda: one_page(
        stream(b"/X Do"), form(b"/X Do /X Do", 6), resources=b"/XObject<</X 6 0 R>>"
    ),
}
HARMLESS: dict[str, Callable[[], bytes]] = {
    "a-thousand-filters": lambda: one_page(flate(deflated(1 << 20, rounds=3), 1000)),
    "nested-arrays": lambda: one_page(stream(b"[" * 1_000_000)),
    "nested-dictionaries": lambda: one_page(text(b""), b"[" * 1_000_000),
    "20,000-forms-deep": lambda: one_page(
        stream(b"/X Do"),
        *(form(b"/X Do", number) for number in range(7, 20_007)),
        resources=b"/XObject<</X 6 0 R>>",
    ),
    "a-length-that-is-its-own-stream": lambda: one_page(
        b"<</Length 4 0 R>>stream\nx\nendstream"
    ),
    "a-font-that-draws-with-itself": lambda: pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        text(b""),
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/FirstChar 97"
        b"/LastChar 97/Widths[1]/Encoding<</Differences[97/a]>>/CharProcs<</a 6 0 R>>"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        text(b"aa"),
    ),
}  # fmt: skip
BOXES = [
    b"[0 0 0 0]", b"[612 792 0 0]", b"[0 0 1e30 1e30]", b"[-1e30 -1e30 1e30 1e30]",
    b"[0 0 1e-30 1e-30]", b"[0 0 %b %b]" % (b"9" * 60, b"9" * 60), b"[nan inf -inf 0/0]",
    b"[(a) /b null true]", b"[0 0]", b" null", b"[0 0 1000000000 1000000000]",
]  # fmt: skip
TITLES = {
    rb"(a\000b\000)": "ab",
    b"<FEFF0041D800>": "A",
    b"<FEFFD800D800DC000041DC00>": "\U00010000A",
    b"<FEFF00410>": "A",
    b"<FEFF000000000041>": "A",
    b"(%b)" % (b"x" * 1_000_000): None,
}


def noise(size: int) -> bytes:
    return random.Random(1).randbytes(size)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    # More than what this process has, which Linux counts into its children's.
    size = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    settings = ParsingSettings(memory_bytes=max(GIB, 3 * size))
    with Reader(settings, OcrSettings(enabled=False)) as reader:
        yield reader


@pytest.fixture(scope="module")
def strict_reader() -> Iterator[Reader]:
    """A reader with limits that are soon reached."""
    settings = ParsingSettings(memory_bytes=400 << 20, max_page_characters=100_000)
    with Reader(settings, OcrSettings(enabled=False)) as reader:
        yield reader


@pytest.fixture
def read(tmp_path: Path, reader: Reader) -> Read:
    """Read a file of these bytes."""
    return lambda content: reading_of(content, tmp_path, reader)


@pytest.fixture
def read_strictly(tmp_path: Path, strict_reader: Reader) -> Read:
    """Read a file of these bytes, within the stricter limits."""
    return lambda content: reading_of(content, tmp_path, strict_reader)


def reading_of(content: bytes, folder: Path, reader: Reader) -> Reading:
    path = folder / "hostile.pdf"
    path.write_bytes(content)
    return reader.read(path, None, 1, 0.0, Unbounded())


@pytest.fixture
def large_pages() -> bytes:
    """Forty pages of 60,000 characters each."""
    line = b"(%b) Tj T* " % (b"abc " * 300)
    content = stream(b"BT /F 1.2 Tf 1.3 TL 1 790 Td %b ET" % (line * 50))
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R"
        b"/Resources<</Font<</F 4 0 R>>>>>>"
    )
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 45))
    return page_tree(
        b"<</Type/Pages/Kids[%b]/Count 40>>" % kids, content, HELVETICA, *([page] * 40)
    )


def shown(pages: list[Page]) -> list[tuple[str, str | None]]:
    return [(page.text, page.warning) for page in pages]


class TestAFile:
    @pytest.mark.parametrize("case", REFUSED)
    def test_that_can_not_be_opened_says_why(self, read: Read, case: str) -> None:
        make, error = REFUSED[case]

        with pytest.raises(error) as caught:
            read(make())

        assert type(caught.value) is error

    def test_that_declares_more_pages_than_it_has_gives_those(self, read: Read) -> None:
        facts, pages, _ = read(many_pages(3, 150))

        assert facts.pages == 150
        assert shown(pages) == [("x", None)] * 3 + [("", "page_unreadable")] * 147

    @pytest.mark.parametrize("declared", [-7, 2**31 - 1, 2**40])
    def test_that_declares_nonsense_is_counted(self, read: Read, declared: int) -> None:
        assert shown(read(many_pages(3, declared)).pages) == [("x", None)] * 3

    def test_whose_page_tree_has_a_cycle_gives_empty_pages(self, read: Read) -> None:
        content = page_tree(
            b"<</Type/Pages/Kids[3 0 R 3 0 R]/Count 100>>",
            b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R 4 0 R]/Count 50>>",
            b"<</Type/Page/Parent 3 0 R/MediaBox[0 0 9 9]>>",
        )

        assert {page.text for page in read(content).pages} == {""}

    def test_that_was_cut_in_the_middle_gives_what_is_left_or_is_unreadable(
        self, read: Read
    ) -> None:
        whole = many_pages(300)

        with pytest.raises(UnreadableFile):
            read(whole[: len(whole) // 2])

    @pytest.mark.parametrize("title", TITLES)
    def test_may_have_any_title(self, read: Read, title: bytes) -> None:
        assert read(titled(title)).facts.title == TITLES[title]


class TestAPage:
    @pytest.mark.parametrize("case", KILLING)
    def test_that_ends_two_processes_comes_empty(self, read_strictly: Read, case: str) -> None:
        assert shown(read_strictly(KILLING[case]()).pages) == [("", "page_unreadable")]

    @pytest.mark.parametrize("case", HARMLESS)
    def test_without_words_comes_empty(self, read: Read, case: str) -> None:
        assert shown(read(HARMLESS[case]()).pages) == [("", None)]

    @pytest.mark.parametrize("box", BOXES)
    def test_may_be_of_any_size(self, read: Read, box: bytes) -> None:
        assert shown(read(one_page(text(WORDS), box=box)).pages) == [(WORDS.decode(), None)]

    def test_may_be_set_in_any_size(self, read: Read) -> None:
        sizes = [b"1e39", b"9" * 50, b"0", b"-12", b"nan"]
        words = b"".join(b"/F %b Tf 72 700 Td (word) Tj " % size for size in sizes)
        matrix = b"%b 0 0 %b 0 0 Tm (word) Tj " % (b"9" * 50, b"9" * 50)

        (page,) = read(one_page(stream(b"BT %b %b ET" % (words, matrix)))).pages

        assert all(0 <= line.size <= 10_000 for line in page.lines)

    def test_of_too_many_characters_is_cut_and_says_so(self, read_strictly: Read) -> None:
        line = b"(%b) Tj T* " % (b"abc " * 250)
        content = b"BT /F 1.2 Tf 1.3 TL 1 790 Td %b ET" % (line * 600)

        (page,) = read_strictly(one_page(stream(content))).pages

        assert page.warning == "page_truncated"
        assert 90_000 < len(page.text) <= 100_000

    def test_that_is_large_ends_the_slice_with_itself(
        self, tmp_path: Path, large_pages: bytes
    ) -> None:
        settings = ParsingSettings(slice_bytes=100_000)

        with Reader(settings, OcrSettings()) as reader:
            reading = reading_of(large_pages, tmp_path, reader)

        assert reading.facts.pages == 40
        assert [page.number for page in reading.pages] == [1, 2]

    def test_whose_font_says_that_its_letters_are_none_has_text_that_can_be_stored(
        self, read: Read
    ) -> None:
        letters = [b"D800", b"DC00", b"0000", b"FFFF", b"D83DDE00", b"0008"]
        maps = b" ".join(b"<%x> <%b>" % (0x61 + at, to) for at, to in enumerate(letters))
        content = pdf(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
            b"/Resources<</Font<</F 5 0 R>>>>>>",
            text(b"abcdefghi"),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
            stream(
                b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
                b"6 beginbfchar %b endbfchar endcmap" % maps
            ),
        )

        (page,) = read(content).pages

        assert page.text.encode()
        assert not any(ord(letter) < ord(" ") for letter in page.text)
        assert page.text.endswith("ghi")

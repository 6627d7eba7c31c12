"""What a PDF says of itself, and what becomes of it where it is broken."""

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.contents import OutlineEntry, Page
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.serving import Opening

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]

# What reportlab writes into a file that is the same each time.
DATE = b"D:20000101000000+00'00'"


def opened(path: Path) -> PdfFile:
    return PdfFile(Opening(path, None, 1_000_000))


def blank(canvas: Canvas) -> None:
    canvas.drawString(50, 500, "text")


def marked(key: str, title: str, level: int) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.bookmarkPage(key)
        canvas.addOutlineEntry(title, key, level)

    return draw


class TestTitleAndAuthor:
    def test_are_those_that_the_file_names(self, make_pdf: MakePdf) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setTitle("Annual Report\n2022")
            canvas.setAuthor("Jörg\u00a0Müller")

        facts = opened(make_pdf(draw)).facts

        assert (facts.title, facts.author) == ("Annual Report 2022", "Jörg Müller")

    def test_are_none_where_they_are_longer_than_any(self, make_pdf: MakePdf) -> None:
        facts = opened(make_pdf(lambda canvas: canvas.setAuthor("x" * 5_000))).facts

        assert facts.author is None

    def test_are_none_where_a_program_made_them_up(self, make_pdf: MakePdf) -> None:
        assert opened(make_pdf(lambda canvas: canvas.setAuthor("anonymous"))).facts.author is None


class TestDates:
    @pytest.mark.parametrize(
        ("said", "expected"),
        [
            ("D:20190207153045-05'00'", "2019-02-07T15:30:45-05:00"),
            ("D:20190207153045Z", "2019-02-07T15:30:45+00:00"),
            ("D:20190207153045", "2019-02-07T15:30:45"),
            ("D:201902071530", "2019-02-07T15:30:00"),
            ("20190207", "2019-02-07"),
            ("2019-02-07T15:30:45", "2019-02-07T15:30:45"),
            ("D:20191350999999", None),
            ("D:2019", None),
            ("yesterday", None),
        ],
    )
    def test_are_iso_8601_or_nothing(
        self, make_pdf: MakePdf, said: str, expected: str | None
    ) -> None:
        path = make_pdf(blank, invariant=1)
        raw = path.read_bytes()
        assert DATE in raw
        path.write_bytes(raw.replace(DATE, said.encode().ljust(len(DATE))))

        assert opened(path).facts.created == expected


class TestOutlines:
    def test_have_the_page_and_the_level_of_each_entry(self, make_pdf: MakePdf) -> None:
        path = make_pdf(
            marked("a", "Part I", 0), marked("b", "Business", 1), marked("c", "Risks", 1),
            marked("d", "Part II", 0),
        )  # fmt: skip

        assert opened(path).facts.outline == (
            OutlineEntry(1, 1, "Part I"), OutlineEntry(2, 2, "Business"),
            OutlineEntry(3, 2, "Risks"), OutlineEntry(4, 1, "Part II"),
        )  # fmt: skip

    def test_are_cut_where_they_are_deeper_or_longer_than_any(self, make_pdf: MakePdf) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.bookmarkPage("here")
            for level in range(9):
                canvas.addOutlineEntry(f"Level {level}", "here", level)
            for number in range(6_000):
                canvas.addOutlineEntry(f"Entry {number}", "here", 0)

        outline = opened(make_pdf(draw)).facts.outline

        assert [entry.level for entry in outline[:7]] == [1, 2, 3, 4, 5, 6, 1]
        assert len(outline) == 5_000

    def test_that_lead_in_a_circle_end(self, make_pdf: MakePdf) -> None:
        path = make_pdf(marked("a", "One", 0), marked("b", "Two", 0))
        raw = path.read_bytes()
        # The second entry's way back becomes a way on: to the first one.
        at = raw.rindex(b"/Prev")
        path.write_bytes(raw[:at] + b"/Next" + raw[at + 5 :])

        assert [entry.title for entry in opened(path).facts.outline] == ["One", "Two"]


class TestLabels:
    def test_are_what_is_printed_instead_of_the_number(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def first(canvas: Canvas) -> None:
            canvas.addPageLabel(0, "ROMAN_LOWER", 1)
            canvas.addPageLabel(2, "ARABIC", 1, "A-")
            blank(canvas)

        path = make_pdf(first, blank, blank)

        assert [read_page(path, number).label for number in (1, 2, 3)] == ["i", "ii", "A-1"]

    def test_are_none_where_they_are_the_number(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        plain = make_pdf(blank, name="plain.pdf")
        numbered = make_pdf(lambda canvas: canvas.addPageLabel(0, "ARABIC", 1))

        assert read_page(plain).label is None
        assert read_page(numbered).label is None

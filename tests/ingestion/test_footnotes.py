"""Footnotes are read after the text of their page, and known; initials begin their word."""

from collections.abc import Callable
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from data.boxes import unpack
from data.contents import LineKind, Page

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]
NOTE, TEXT = LineKind.FOOTNOTE, LineKind.TEXT

LEFT = [f"left line {at} of a sentence that runs" for at in range(8)]
RIGHT = [f"right line {at} of the same sentence" for at in range(10)]
NOTES = ["1The code and the data are available", "https://example.com/of-the-paper"]


def set_lines(canvas: Canvas, x: float, y: float, size: float, *lines: str) -> None:
    canvas.setFont("Helvetica", size)
    for at, text in enumerate(lines):
        canvas.drawString(x, y - 1.3 * size * at, text)


def lines_of(page: Page, kind: LineKind) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines if line.kind is kind]


class TestFootnotes:
    def test_of_the_left_column_do_not_divide_a_sentence(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            set_lines(canvas, 40, 300, 10, *LEFT)
            set_lines(canvas, 40, 180, 8, *NOTES)
            set_lines(canvas, 230, 300, 10, *RIGHT)
            set_lines(canvas, 200, 30, 10, "6981")

        page = read_page(make_pdf(draw))

        assert lines_of(page, TEXT) == [*LEFT, *RIGHT, "6981"]
        assert lines_of(page, NOTE) == NOTES
        assert page.text.endswith("\n".join(NOTES))
        assert len(unpack(page.boxes)) == len(page.text)

    def test_are_not_small_lines_with_text_below(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            set_lines(canvas, 40, 300, 10, *LEFT)
            set_lines(canvas, 40, 180, 8, "1 In thousands of tons, as measured by us")
            set_lines(canvas, 40, 150, 10, "And this is where the text of the page goes on.")

        assert lines_of(read_page(make_pdf(draw)), NOTE) == []

    def test_are_not_lines_without_a_mark_or_of_the_text_s_own_size(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            set_lines(canvas, 40, 300, 10, *LEFT)
            set_lines(canvas, 40, 180, 8, "Source: our own survey of 2013, July to September")
            set_lines(canvas, 40, 160, 10, "2 Results of the year that was the best of all")

        assert lines_of(read_page(make_pdf(draw)), NOTE) == []


class TestInitials:
    def test_are_part_of_the_word_that_they_begin(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            set_lines(canvas, 40, 480, 36, "T")
            set_lines(canvas, 64, 496, 10, "he first line stands beside it,")
            set_lines(canvas, 64, 483, 10, "and so does the second one.")

        assert "The first line stands beside it," in read_page(make_pdf(draw)).text

    def test_are_not_letters_that_number_a_list(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            set_lines(canvas, 40, 480, 10, "A", "this is set in the same size")

        assert read_page(make_pdf(draw)).text == "A\nthis is set in the same size"

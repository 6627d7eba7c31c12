"""Pages whose text is drawn in an order that no reader reads: it is read as it stands."""

from collections.abc import Callable
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from data.boxes import boxes_of
from data.contents import Page

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]

LEFT = [
    "The left column begins here and goes", "on with a sentence that is quite long,",
    "so that it takes many lines of it. An", "other one follows and has the word exam-",
    "ple divided at the end of a line, and", "this is the end of the left column here.",
]  # fmt: skip
RIGHT = [
    "The right column is read after it and", "says what comes next, in a sentence of",
    "its own, which goes on and on over all", "of its lines, as sentences do, until it",
    "comes to its end at the bottom of this", "page, which is where everything ends.",
]  # fmt: skip


def at(canvas: Canvas, x: float, line: int, text: str) -> None:
    canvas.setFont("Helvetica", 9)
    canvas.drawString(x, 550 - 12 * line, text)


class TestColumns:
    def test_drawn_line_by_line_are_read_one_after_the_other(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            at(canvas, 40, -2, "A title that stands above both of the columns of this page")
            for line, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
                at(canvas, 40, line, left)
                at(canvas, 225, line, right)

        page = read_page(make_pdf(draw))

        lines = [page.text[line.start : line.end] for line in page.lines]
        assert lines[0].startswith("A title")
        assert lines[1] == LEFT[0]
        assert lines[4:6] == ["other one follows and has the word example", LEFT[4][4:]]
        assert lines[7:] == RIGHT
        start = page.text.index("which goes on")
        [box] = boxes_of(page.boxes, start, start + 13)
        assert box[0] > 0.5

    def test_drawn_one_after_the_other_are_read_as_they_come(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            # The right one first: it may be meant to be.
            for x, lines in ((225, RIGHT), (40, LEFT[:3])):
                for line, text in enumerate(lines):
                    at(canvas, x, line, text)

        assert read_page(make_pdf(draw)).text.split("\n") == [*RIGHT, *LEFT[:3]]


class TestLines:
    def test_drawn_from_the_bottom_are_read_from_the_top(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            for line, text in reversed(list(enumerate(RIGHT + RIGHT))):
                at(canvas, 40, line, text)

        assert read_page(make_pdf(draw)).text.split("\n") == RIGHT + RIGHT

"""Text that is set sideways: pages of it are read upright, stamps on a margin last."""

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.boxes import boxes_of, unpack
from data.contents import Page

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]

# Where the page's corner goes when it is turned so far.
CORNERS = {90: (400, 0), 180: (400, 600), 270: (0, 600)}
SIDEWAYS = (
    "A statement that was set sideways\n\n"
    "Net sales at home | 1,577 | (305)\nNet sales abroad | 2,577 | (405)\n"
    "Costs of sales | 3,577 | (505)\n\n"
    "This is a paragraph that was set sideways too,\nand goes on in its second line."
)


def statement(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 10)
    canvas.drawString(40, 360, "A statement that was set sideways")
    for at, label in enumerate(["Net sales at home", "Net sales abroad", "Costs of sales"]):
        canvas.drawString(40, 330 - 14 * at, label)
        canvas.drawRightString(260, 330 - 14 * at, f"{at + 1},577")
        canvas.drawRightString(360, 330 - 14 * at, f"({at + 3}05)")
    canvas.drawString(40, 260, "This is a paragraph that was set sideways too,")
    canvas.drawString(40, 248, "and goes on in its second line.")


def turned(degrees: int) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.translate(*CORNERS[degrees])
        canvas.rotate(degrees)
        statement(canvas)

    return draw


class TestPages:
    @pytest.mark.parametrize("degrees", CORNERS)
    def test_whose_text_is_turned_are_read_upright(
        self, make_pdf: MakePdf, read_page: ReadPage, degrees: int
    ) -> None:
        assert read_page(make_pdf(turned(degrees))).text == SIDEWAYS

    def test_keep_the_places_of_their_letters_as_they_are_displayed(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        page = read_page(make_pdf(turned(90)))

        start = page.text.index("Costs of sales")
        [box] = boxes_of(page.boxes, start, start + 14)
        # Upwards from the bottom, at the height of its base line from the right.
        assert box[0] < (400 - 302) / 400 < box[2]
        assert box[1] == pytest.approx(1 - 106 / 600, abs=0.02)
        assert box[3] == pytest.approx(1 - 40 / 600, abs=0.01)
        assert len(unpack(page.boxes)) == len(page.text)


class TestStamps:
    def test_on_the_margin_come_last_and_in_one_line(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        prose = [f"This is line {at} of a sentence that goes on" for at in range(20)]

        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            for at, text in enumerate(prose):
                canvas.drawString(60, 550 - 12 * at, text)
                if at == 9:
                    canvas.saveState()
                    canvas.translate(30, 300)
                    canvas.rotate(90)
                    canvas.drawString(0, 0, "arXiv:2305.12744v1 22 May 2023")
                    canvas.restoreState()

        lines = read_page(make_pdf(draw)).text.split("\n")
        assert [line for line in lines if line] == [*prose, "arXiv:2305.12744v1 22 May 2023"]

    def test_alone_on_a_page_are_its_text(self, make_pdf: MakePdf, read_page: ReadPage) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.translate(30, 300)
            canvas.rotate(90)
            canvas.drawString(0, 0, "Draft")

        assert read_page(make_pdf(draw)).text == "Draft"

"""A PDF's pages as PDFium reads them: text, places and lines."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from reportlab.pdfgen.canvas import Canvas

from data.boxes import boxes_of, unpack
from data.contents import Box, Page

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]


def lines(
    *texts: str, top: float = 550, leading: float = 14, font: str = "Helvetica"
) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(font, 12)
        for index, text in enumerate(texts):
            canvas.drawString(40, top - leading * index, text)

    return draw


def ink(path: Path) -> Box:
    """Where the only page of a file is not white, as fractions of the displayed page."""
    with pdfium.PdfDocument(path) as document:
        pixels = document[0].render(scale=3, grayscale=True).to_numpy() < 128
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    height, width = pixels.shape
    return (
        float(columns[0] / width), float(rows[0] / height),
        float((columns[-1] + 1) / width), float((rows[-1] + 1) / height),
    )  # fmt: skip


def covers(box: Box, other: Box, slack: float = 0.005) -> bool:
    return (
        box[0] - slack <= other[0]
        and box[1] - slack <= other[1]
        and box[2] + slack >= other[2]
        and box[3] + slack >= other[3]
    )


class TestBoxes:
    @pytest.mark.parametrize("turn", [0, 90, 180, 270])
    @pytest.mark.parametrize("crop", [None, (30, 250, 250, 390)])
    def test_a_word_s_box_covers_its_ink_on_turned_and_cropped_pages(
        self, make_pdf: MakePdf, read_page: ReadPage, turn: int, crop: tuple[int, ...] | None
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setPageRotation(turn)
            if crop:
                canvas.setCropBox(crop)
            canvas.setFont("Helvetica", 12)
            canvas.drawString(60, 300, "Pelican")

        path = make_pdf(draw)
        page = read_page(path)

        assert page.text == "Pelican"
        [box] = boxes_of(page.boxes, 0, 7)
        found = ink(path)
        assert covers(box, found)
        assert covers(found, box, slack=0.03)

    def test_every_character_has_one(self, make_pdf: MakePdf, read_page: ReadPage) -> None:
        page = read_page(make_pdf(lines("Two words", "and a line.")))

        boxes = unpack(page.boxes)
        assert len(boxes) == len(page.text)
        empty = (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
        assert [at for at, none in enumerate(empty) if none] == [page.text.index("\n")]


class TestText:
    def test_words_divided_at_a_line_end_are_whole(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        page = read_page(make_pdf(lines("This is an exam-", "ple of a COVID-", "19 report.")))

        assert page.text == "This is an example\nof a COVID-19\nreport."
        start = page.text.index("example")
        assert len(boxes_of(page.boxes, start, start + 7)) == 2

    def test_an_empty_line_stands_where_there_is_a_gap(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        first, second = ["One line,", "another line."], ["The next one", "has two lines."]

        page = read_page(
            make_pdf(lambda canvas: (lines(*first)(canvas), lines(*second, top=500)(canvas)))
        )

        assert page.text == "One line,\nanother line.\n\nThe next one\nhas two lines."

    def test_evenly_spaced_lines_are_one_paragraph(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        page = read_page(make_pdf(lines("Double", "Spaced", "Lines", leading=30)))

        assert page.text == "Double\nSpaced\nLines"

    def test_a_sentence_that_runs_on_over_a_gap_stays_whole(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            lines("Some lines", "stand close to", "each other, and then")(canvas)
            lines("it goes on below", "as before.", top=550 - 28 - 22)(canvas)

        assert "\n\n" not in read_page(make_pdf(draw)).text

    def test_an_empty_line_stands_where_the_font_changes_size(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 18)
            canvas.drawString(40, 564, "Heading")
            lines("Body text", "of two lines")(canvas)

        assert read_page(make_pdf(draw)).text == "Heading\n\nBody text\nof two lines"

    def test_what_lies_outside_the_displayed_page_is_not_read(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setCropBox((0, 300, 400, 600))
            canvas.drawString(50, 500, "shown")
            canvas.drawString(50, 100, "cropped away")
            canvas.drawString(900, 500, "far off")

        assert read_page(make_pdf(draw)).text == "shown"

    def test_a_page_is_cut_at_the_limit_with_a_warning(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        page = read_page(make_pdf(lines("0123456789")), limit=5)

        assert (page.text, page.warning) == ("01234", "page_truncated")

    @pytest.mark.parametrize("text", ["x", "xy", "7", "T h"])
    def test_a_page_may_have_a_letter_or_two(
        self, make_pdf: MakePdf, read_page: ReadPage, text: str
    ) -> None:
        assert read_page(make_pdf(lines(text))).text == text

    def test_a_page_without_text_is_empty(self, make_pdf: MakePdf, read_page: ReadPage) -> None:
        page = read_page(make_pdf(lambda canvas: canvas.showPage()))

        assert (page.text, page.lines, page.warning) == ("", (), None)
        assert unpack(page.boxes).shape == (0, 4)


class TestLines:
    def test_know_their_range_size_and_weight(self, make_pdf: MakePdf, read_page: ReadPage) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica-Bold", 20)
            canvas.drawString(40, 550, "Heading")
            lines("Body text", "of two lines", top=500)(canvas)

        page = read_page(make_pdf(draw))

        assert [page.text[line.start : line.end] for line in page.lines] == [
            "Heading", "Body text", "of two lines",
        ]  # fmt: skip
        assert [(line.size, line.bold) for line in page.lines] == [
            (20.0, True), (12.0, False), (12.0, False),
        ]  # fmt: skip

    def test_have_the_size_that_is_shown_when_the_text_is_scaled(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.scale(2, 2)
            lines("Scaled", top=250)(canvas)

        assert read_page(make_pdf(draw)).lines[0].size == 24.0

    def test_have_the_style_of_their_words_where_their_middle_is_a_gap_without_a_space(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica-Bold", 12)
            canvas.drawString(40, 500, "FORM")
            canvas.drawString(90, 500, "10-K")

        page = read_page(make_pdf(draw))

        assert page.text == "FORM 10-K"
        assert [(line.size, line.bold) for line in page.lines] == [(12.0, True)]

    def test_are_not_bold_for_a_bold_first_word(
        self, make_pdf: MakePdf, read_page: ReadPage
    ) -> None:
        def draw(canvas: Canvas) -> None:
            text = canvas.beginText(40, 500)
            text.setFont("Helvetica-Bold", 12)
            text.textOut("Note: ")
            text.setFont("Helvetica", 12)
            text.textOut("this is only a remark.")
            canvas.drawText(text)

        assert [line.bold for line in read_page(make_pdf(draw)).lines] == [False]

"""Tables of a PDF: each row is one line, its cells set apart; prose is never broken."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.boxes import boxes_of, unpack
from data.contents import LineKind, Page

MakePdf = Callable[..., Path]
ReadPage = Callable[..., Page]
Read = Callable[[Callable[[Canvas], object]], Page]

HEAD, ROW, TEXT = LineKind.TABLE_HEAD, LineKind.TABLE_ROW, LineKind.TEXT


@pytest.fixture
def read(make_pdf: MakePdf, read_page: ReadPage) -> Read:
    return lambda draw: read_page(make_pdf(draw))


def lines_of(page: Page) -> list[tuple[LineKind, str]]:
    return [(line.kind, page.text[line.start : line.end]) for line in page.lines]


def rows_of(page: Page) -> list[str]:
    return [text for kind, text in lines_of(page) if kind is not TEXT]


def row(canvas: Canvas, y: float, label: str, *figures: tuple[float, str]) -> None:
    """Draw a label on the left, and figures that end at their places."""
    if label:
        canvas.drawString(40, y, label)
    for right, text in figures:
        canvas.drawRightString(right, y, text)


def statement(canvas: Canvas) -> None:
    """A financial statement as they are set: signs apart, wrapped labels, empty cells."""
    canvas.setFont("Helvetica", 9)
    canvas.drawCentredString(200, 560, "Consolidated Statement of Cash Flows")
    row(canvas, 530, "(Millions)", (280, "2022"), (360, "2021"))
    row(canvas, 516, "Operating activities:")
    row(canvas, 502, "Net income", (245, "$"), (280, "1,577"), (325, "$"), (360, "869"))
    row(canvas, 488, "Gain on sale", (280, "(305"), (284, ")"), (360, "( 12 )"))
    row(canvas, 474, "Proceeds from sale of businesses, net of")
    row(canvas, 462, "cash sold", (280, "846"), (360, "1,065"))
    row(canvas, 448, "Impairment", (360, "42"))
    row(canvas, 434, "Margin", (280, "12.5 %"), (360, "—"))
    canvas.drawString(40, 400, "The notes are an integral part of this statement.")


class TestStatements:
    def test_have_a_line_for_each_row_and_a_cell_for_each_column(self, read: Read) -> None:
        assert lines_of(read(statement)) == [
            (TEXT, "Consolidated Statement of Cash Flows"),
            (HEAD, "(Millions) | 2022 | 2021"),
            (ROW, "Operating activities:"),
            (ROW, "Net income | $1,577 | $869"),
            (ROW, "Gain on sale | (305) | (12)"),
            (ROW, "Proceeds from sale of businesses, net of cash sold | 846 | 1,065"),
            (ROW, "Impairment |  | 42"),
            (ROW, "Margin | 12.5% | —"),
            (TEXT, "The notes are an integral part of this statement."),
        ]

    def test_have_boxes_for_what_is_printed_and_none_for_what_is_put_in(self, read: Read) -> None:
        page = read(statement)

        boxes = unpack(page.boxes)
        assert len(boxes) == len(page.text)
        start = page.text.index(" | $869")
        assert not boxes[start : start + 3].any()
        [box] = boxes_of(page.boxes, start, start + 7)
        assert box[0] == pytest.approx(320 / 400, abs=0.01)
        assert box[2] == pytest.approx(360 / 400, abs=0.01)

    def test_have_no_empty_line_within(self, read: Read) -> None:
        text = read(statement).text

        assert "\n\n" not in text[text.index("(Millions)") : text.index("—")]

    def test_stand_in_order_when_they_are_drawn_column_by_column(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            for x, texts in (
                (40, ["Cash", "Inventories", "Total assets"]),
                (200, ["2,853", "4,366", "36,500"]),
                (300, ["3,053", "4,034", "37,987"]),
            ):
                for index, text in enumerate(texts):
                    canvas.drawString(x, 500 - 14 * index, text)

        assert rows_of(read(draw)) == [
            "Cash | 2,853 | 3,053", "Inventories | 4,366 | 4,034", "Total assets | 36,500 | 37,987",
        ]  # fmt: skip


class TestHeads:
    def test_of_several_lines_are_one(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            row(canvas, 528, "", (280, "June 30,"), (360, "June 30,"))
            row(canvas, 514, "", (280, "2022"), (360, "2021"))
            row(canvas, 500, "Goodwill", (280, "5,285"), (360, "5,419"))
            row(canvas, 486, "Total assets", (280, "17,426"), (360, "17,188"))

        assert lines_of(read(draw))[0] == (HEAD, "| June 30, 2022 | June 30, 2021")

    def test_over_several_columns_stand_over_the_first(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.drawCentredString(300, 528, "Years ended December 31")
            row(canvas, 514, "", (260, "2022"), (320, "2021"), (380, "2020"))
            row(canvas, 500, "Sales", (260, "34,229"), (320, "35,355"), (380, "32,184"))
            row(canvas, 486, "Costs", (260, "19,232"), (320, "18,795"), (380, "16,605"))

        assert [text for _, text in lines_of(read(draw))][:2] == [
            "| Years ended December 31 |  |", "| 2022 | 2021 | 2020",
        ]  # fmt: skip

    def test_are_not_titles_above_them(self, read: Read) -> None:
        kinds = [kind for kind, text in lines_of(read(statement)) if "Consolidated" in text]

        assert kinds == [TEXT]

    def test_of_a_second_table_in_the_same_columns_begin_it(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            for top, label in ((500, "Sales"), (450, "Costs")):
                row(canvas, top, "(Millions)", (280, "2022"), (360, "2021"))
                row(canvas, top - 14, f"{label} here", (280, "34,229"), (360, "35,355"))
                row(canvas, top - 28, f"{label} there", (280, "1"), (360, "—"))

        assert [kind for kind, _ in lines_of(read(draw))] == [HEAD, ROW, ROW, HEAD, ROW, ROW]

    def test_that_stand_close_to_each_other_stand_over_their_columns(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 10)
            canvas.drawString(40, 514, "Year")
            canvas.drawString(150, 514, "Hampton")
            canvas.drawString(151 + canvas.stringWidth("Hampton") + 6, 514, "Marquette")
            for at in range(4):
                row(canvas, 500 - 14 * at, f"Town {at}", (185, f"{430 + at}"), (240, f"{261 + at}"))

        assert rows_of(read(draw))[:2] == ["Year | Hampton | Marquette", "Town 0 | 430 | 261"]

    def test_are_no_rows_of_figures(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            row(canvas, 528, "Cash", (280, "$17,908"), (380, "$2,017"))
            row(canvas, 514, "Funds held until", (280, "2,022"), (380, "2,019"))

        assert [kind for kind, _ in lines_of(read(draw))] == [ROW, ROW]


class TestLabels:
    def test_keep_the_marks_of_their_footnotes(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            for at, label in enumerate(["Mac", "iPad", "TV"]):
                row(canvas, 500 - 14 * at, label, (280, f"{7 + at},735"), (380, "(1)"))
                canvas.drawString(46 + canvas.stringWidth(label), 502 - 14 * at, "(1)(2)")

        assert rows_of(read(draw)) == [
            "Mac (1)(2) | 7,735 | (1)", "iPad (1)(2) | 8,735 | (1)", "TV (1)(2) | 9,735 | (1)",
        ]  # fmt: skip

    def test_end_where_a_paragraph_begins(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            for top in (500, 420):
                row(canvas, top, "Aluminum in cans", (280, "14,325"), (360, "17,040"))
                row(canvas, top - 14, "Resin", (280, "20"), (360, "16,886"))
                row(canvas, top - 40, "These are the volumes of our hedges in all the years:")

        kinds = [kind for kind, _ in lines_of(read(draw))]
        assert kinds == [ROW, ROW, TEXT, ROW, ROW, TEXT]


class TestSurveys:
    def test_keep_groups_of_ages_as_labels(self, read: Read) -> None:
        def draw(canvas: Canvas) -> None:
            row(canvas, 528, "", (280, "Go online"), (380, "Broadband"))
            row(canvas, 514, "All 65+", (260, "59%"), (360, "47%"))
            row(canvas, 500, "Age")
            for at, ages in enumerate(["65-69", "70-74", "75-79", "80+"]):
                row(canvas, 486 - 14 * at, ages, (260, f"{74 - at}"), (360, f"{65 - at}"))

        assert rows_of(read(draw)) == [
            "| Go online | Broadband", "All 65+ | 59% | 47%", "Age", "65-69 | 74 | 65",
            "70-74 | 73 | 64", "75-79 | 72 | 63", "80+ | 71 | 62",
        ]  # fmt: skip


class TestOtherText:
    def draw_each(self, *lines: Sequence[tuple[float, str]]) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica", 9)
            for index, pieces in enumerate(lines):
                for x, text in pieces:
                    canvas.drawString(x, 550 - 13 * index, text)

        return draw

    def test_of_two_columns_is_no_table(self, read: Read) -> None:
        left = "Sales rose in 2022 by 4 percent to"
        right = "costs of 19 billion, which were 3"
        draw = self.draw_each(*[[(40, left), (220, right)]] * 8)

        assert rows_of(read(draw)) == []

    def test_of_a_table_of_contents_is_none(self, read: Read) -> None:
        plain = self.draw_each(*[[(40, f"Chapter {at}"), (350, str(3 * at))] for at in range(1, 8)])
        dotted = self.draw_each(
            *[[(40, f"Note {at} . . . . . . . . . . ."), (350, f"{90 - at}")] for at in range(9)]
        )

        assert rows_of(read(plain)) == []
        assert rows_of(read(dotted)) == []

    def test_of_a_numbered_list_is_none(self, read: Read) -> None:
        draw = self.draw_each(*[[(40, f"{at}."), (80, "Do this, then that")] for at in range(9)])

        assert rows_of(read(draw)) == []

    def test_beside_a_chart_is_none(self, read: Read) -> None:
        prose = [
            "Older adults use the", "net less than others", "do, and those over 80",
            "hardly use it at all,", "which has stayed so", "since the first survey.",
        ]  # fmt: skip
        draw = self.draw_each(
            *[[(40, text), (250, str(80 - 20 * at))] for at, text in enumerate(prose)]
        )

        assert rows_of(read(draw)) == []

    def test_in_a_column_keeps_the_table_in_the_other_one(self, read: Read) -> None:
        prose = "models achieve a score only slightly above guessing"
        draw = self.draw_each(
            *[[(40, "The table on the right side shows the scores"), (230, prose)]] * 4,
            *[[(40, f"Model {at}"), (120, "56.5"), (160, "51.7"), (230, prose)] for at in range(4)],
            *[[(40, "Prose follows below the table, as it should"), (230, prose)]] * 4,
        )

        assert rows_of(read(draw)) == [f"Model {at} | 56.5 | 51.7" for at in range(4)]

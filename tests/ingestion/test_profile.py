"""A document's title and headings."""

from collections.abc import Callable
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from data.contents import FileFacts, Page, Profile
from ingestion.parsers.pdf import PdfFile
from ingestion.parsers.serving import Opening
from ingestion.profile import profile_of

MakePage = Callable[..., Page]
PROSE = ["this is a line of the running text which says", "nothing that matters to anybody."] * 6


@pytest.fixture
def profile_of_pdf(make_pdf: Callable[..., Path]) -> Callable[..., Profile]:
    """The profile of a PDF whose pages are lists of (text, size, bold, space above)."""

    def profile(*pages: list[tuple[str, float, bool, float]], title: str = "") -> Profile:
        def drawn(page: list[tuple[str, float, bool, float]]) -> Callable[[Canvas], None]:
            def draw(canvas: Canvas) -> None:
                canvas.setTitle(title)
                y = 580.0
                for text, size, bold, space in page:
                    y -= 1.2 * size + space
                    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
                    canvas.drawString(40, y, text)

            return draw

        path = make_pdf(*map(drawn, pages))
        file = PdfFile(Opening(path, None, 100_000))
        read = (file.page(number) for number in range(1, len(pages) + 1))
        return profile_of(read, file.facts, "some report.pdf")

    return profile


def prose() -> list[tuple[str, float, bool, float]]:
    return [(PROSE[0], 10, False, 20), *((line, 10, False, 0) for line in PROSE[1:])]


class TestHeadings:
    def test_are_told_by_size_and_weight_and_ranked(
        self, profile_of_pdf: Callable[..., Profile]
    ) -> None:
        profile = profile_of_pdf(
            [
                ("Annual Report", 24, True, 0),
                ("Business", 16, False, 20),
                *prose(),
                ("Our Products", 10, True, 20),
                *prose(),
            ],
            [("Risks", 16, False, 0), *prose()],
        )

        assert [(item.page, item.level, item.text) for item in profile.headings] == [
            # Under "Annual Report" stands all of it.
            (1, 2, "Business"),
            (1, 3, "Our Products"),
            (2, 2, "Risks"),
        ]

    def test_of_one_style_are_ranked_by_their_numbers(
        self, profile_of_pdf: Callable[..., Profile]
    ) -> None:
        profile = profile_of_pdf(
            [
                ("1 Introduction", 12, True, 0),
                *prose(),
                ("1.1 Background", 12, True, 20),
                *prose(),
                ("2 Method", 12, True, 20),
                *prose(),
            ]
        )

        assert [(item.level, item.text) for item in profile.headings] == [
            (1, "1 Introduction"), (2, "1.1 Background"), (1, "2 Method"),
        ]  # fmt: skip

    def test_over_two_lines_are_one(self, profile_of_pdf: Callable[..., Profile]) -> None:
        profile = profile_of_pdf(
            [
                ("A heading that is so long", 16, True, 0),
                ("that it needs two lines", 16, True, 0),
                *prose(),
            ]
        )

        assert [item.text for item in profile.headings] == [
            "A heading that is so long that it needs two lines"
        ]

    def test_are_never_running_lines(self, profile_of_pdf: Callable[..., Profile]) -> None:
        pages = [[("ACME REPORT", 16, True, 0), *prose()] for _ in range(4)]

        profile = profile_of_pdf(*pages)

        assert "acme report" in profile.running
        assert profile.headings == ()

    @pytest.mark.parametrize(
        "line",
        [
            "Total revenue 1,234 5,678",
            "this is bold but starts small",
            "A whole sentence in bold, which ends in a full stop.",
            "Item 7. Results .......... 24",
            "Item 7. Results and what they mean 24",
            "Revenue of 2022 in $ and in words",
            "12.5 %",
        ],
    )
    def test_are_not_other_bold_lines(
        self, profile_of_pdf: Callable[..., Profile], line: str
    ) -> None:
        assert profile_of_pdf([*prose(), (line, 10, True, 20), *prose()]).headings == ()

    def test_need_room_above_when_they_are_no_larger_than_the_text(
        self, profile_of_pdf: Callable[..., Profile]
    ) -> None:
        assert profile_of_pdf([*prose(), ("Bold Words", 10, True, 0), *prose()]).headings == ()


class TestTitle:
    def test_is_the_file_s_own(self, make_page: MakePage) -> None:
        assert (
            profile_of([make_page(1, "x")], FileFacts(1, "A  Fine Title"), "f.pdf").title
            == "A Fine Title"
        )

    def test_loses_what_a_program_put_before_it(self, make_page: MakePage) -> None:
        title = profile_of(
            [make_page(1, "x")], FileFacts(1, "Microsoft Word - Plans for 2024"), "f.pdf"
        ).title

        assert title == "Plans for 2024"

    @pytest.mark.parametrize(
        "useless", [None, "", "untitled", "0000320193-22-000070", "report_final.docx", "Slide 1"]
    )
    def test_is_the_largest_line_when_the_file_s_own_says_nothing(
        self, make_page: MakePage, useless: str | None
    ) -> None:
        page = make_page(1, "a small line", "The Great Book", "and a long text", sizes={1: 20.0})

        assert profile_of([page], FileFacts(1, useless), "f.pdf").title == "The Great Book"

    def test_is_the_file_s_name_when_nothing_else_is_there(self, make_page: MakePage) -> None:
        assert (
            profile_of([make_page(1, "one", "size")], FileFacts(1), "my notes.pdf").title
            == "my notes"
        )
        assert profile_of([], FileFacts(1), "my notes.pdf").title == "my notes"


def test_a_profile_is_a_pure_function_of_the_pages(make_page: MakePage) -> None:
    pages = [make_page(n, "Header", *PROSE, sizes={3: 14.0}) for n in range(1, 5)]

    assert profile_of(iter(pages), FileFacts(1), "a.pdf") == profile_of(
        pages, FileFacts(1), "a.pdf"
    )

"""What is a heading and how deep it lies; what only looks like one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from data.contents import FileFacts, LineKind, OutlineEntry, Page
from ingestion.headings import Headings
from ingestion.profile import profile_of

MakePage = Callable[..., Page]
Found = Callable[..., list[tuple[int, str]]]
PROSE = ["", *["a line of the running text which says nothing that matters to anybody"] * 4, ""]
FEW = ["", "a line of the running text which says nothing", ""]


def set_as(page: Page, **styles: tuple[float, bool] | LineKind) -> Page:
    """Set the lines that begin with these words otherwise than the rest; "_" is any sign."""

    def styled(text: str) -> tuple[float, bool] | LineKind | None:
        words = "".join(sign if sign.isalnum() else "_" for sign in text)
        return next((how for start, how in styles.items() if words.startswith(start)), None)

    lines = []
    for line in page.lines:
        how = styled(page.text[line.start : line.end])
        if isinstance(how, LineKind):
            lines.append(replace(line, kind=how, bold=True))
        elif how is not None:
            lines.append(replace(line, size=how[0], bold=how[1]))
        else:
            lines.append(line)
    return replace(page, lines=tuple(lines))


@pytest.fixture
def found(make_page: MakePage) -> Found:
    """The headings of a page of prose with these lines in it, bold, each with room around it."""

    def headings(*bold: str, **styles: tuple[float, bool]) -> list[tuple[int, str]]:
        lines = [part for text in bold for part in (*PROSE, text, "")]
        page = make_page(1, *lines, *PROSE)
        chosen = tuple(
            replace(line, bold=page.text[line.start : line.end] in bold) for line in page.lines
        )
        collected = Headings()
        collected.add(set_as(replace(page, lines=chosen), **styles))
        return [(item.level, item.text) for item in collected.found(frozenset())]

    return headings


class TestHeadings:
    def test_of_filings_are_parts_items_notes_and_others(self, found: Found) -> None:
        assert found(
            "PART I", "Item 1. Business", "General", "Item 8.01 Other Events.",
            "Note 5 – Debt", "Term Debt", "SIGNATURES", "Exhibit 10.1",
        ) == [
            (1, "PART I"), (2, "Item 1. Business"), (4, "General"), (2, "Item 8.01 Other Events."),
            (3, "Note 5 – Debt"), (4, "Term Debt"), (1, "SIGNATURES"), (1, "Exhibit 10.1"),
        ]  # fmt: skip

    def test_of_papers_are_as_deep_as_their_numbers(self, found: Found) -> None:
        assert found("3 Method", "3.1 Data", "3.1.1 Sources", "4 Results", "A.1 Proofs") == [
            (1, "3 Method"), (2, "3.1 Data"), (3, "3.1.1 Sources"), (1, "4 Results"),
            (2, "A.1 Proofs"),
        ]  # fmt: skip

    def test_of_opinions_are_as_deep_as_their_way_of_numbering_comes_late(
        self, found: Found
    ) -> None:
        assert found("I. Facts", "II. Law", "(a) Standing", "1. Injury", "(b) Merits") == [
            (1, "I. Facts"), (1, "II. Law"), (2, "(a) Standing"), (3, "1. Injury"),
            (2, "(b) Merits"),
        ]  # fmt: skip

    def test_with_a_name_may_stand_close_under_other_bold_lines(self, make_page: MakePage) -> None:
        lines = ("ANNUAL REPORT ON IT", "PART I", "Item 1. Business", "Close to it", *PROSE)
        page = make_page(1, *PROSE, *lines)
        bold = tuple(
            replace(line, bold=page.text[line.start : line.end] in lines[:4]) for line in page.lines
        )
        collected = Headings()
        collected.add(replace(page, lines=bold))

        texts = [item.text for item in collected.found(frozenset())]
        assert texts == ["ANNUAL REPORT ON IT", "PART I", "Item 1. Business Close to it"]

    def test_lose_the_colon_at_their_end(self, found: Found) -> None:
        assert found("Operating Expenses:") == [(1, "Operating Expenses")]

    def test_may_have_a_number_before_a_colon(self, found: Found) -> None:
        assert found("Unit 4: Forms of Business") == [(1, "Unit 4: Forms of Business")]

    @pytest.mark.parametrize(
        "line",
        [
            "Name: Jane Doe",
            "Title: Treasurer",
            "/s/ Jane Doe",
            "Date: today",
            "Table 2. Number of Farms",
            "Figure 5: Results of all",
            "Table of Contents",
            "☒ Annual report of the year",
            "• A point of a list",
            "See https://example.com/reports",
            "(in millions, except per share data)",
            "Item 8 of this Annual Report on Form 10-K.",
        ],
    )
    def test_are_no_labels_captions_boxes_or_signatures(self, found: Found, line: str) -> None:
        assert found(line) == []

    def test_are_no_lines_that_recur_as_labels_do(self, found: Found) -> None:
        assert found(*["Learning Outcomes"] * 5, "Unit Four") == [(1, "Unit Four")]

    def test_are_no_words_that_begin_a_sentence(self, make_page: MakePage) -> None:
        page = make_page(1, *PROSE, "Decomposition is better than", "one step is in all.", *PROSE)
        collected = Headings()
        collected.add(set_as(page, Decomposition=(10.0, True)))

        assert collected.found(frozenset()) == ()

    def test_are_no_rows_of_tables(self, make_page: MakePage) -> None:
        page = make_page(1, *PROSE, "Net Sales", "", *PROSE)
        as_text, as_row = Headings(), Headings()
        as_text.add(set_as(page, Net=(10.0, True)))
        as_row.add(set_as(page, Net=LineKind.TABLE_HEAD))

        assert [item.text for item in as_text.found(frozenset())] == ["Net Sales"]
        assert as_row.found(frozenset()) == ()

    def test_are_no_long_sentences_that_are_merely_set_large(self, found: Found) -> None:
        sentence = "This one of us makes and sells many a thing, and so does each of the others"

        assert found(sentence, This=(13.0, False)) == []
        assert found("This one of us", This=(13.0, False)) == [(1, "This one of us")]

    def test_are_larger_than_the_text_around_and_not_than_that_of_other_parts(
        self, make_page: MakePage
    ) -> None:
        small = [
            make_page(n, *PROSE, "Heading" if n < 3 else "A line", *PROSE) for n in range(1, 9)
        ]
        large = [
            make_page(n, *PROSE, "A line", *PROSE, sizes=dict.fromkeys(range(99), 14.0))
            for n in range(9, 13)
        ]
        collected = Headings()
        for page in small:
            collected.add(set_as(page, Heading=(14.0, False)))
        for page in large:
            collected.add(page)

        assert [(item.page, item.text) for item in collected.found(frozenset())] == [
            (1, "Heading"), (2, "Heading"),
        ]  # fmt: skip

    def test_none_stand_on_a_page_of_contents(self, make_page: MakePage) -> None:
        entries = [f"Item {number}. Something of it {3 * number}" for number in range(1, 8)]
        styles = {"Part": (10.0, True), "Item": (10.0, True)}
        contents = set_as(make_page(1, "Contents", "", "Part I Financial", "", *entries), **styles)
        other = set_as(make_page(2, "Costs", "", "Part I Financial", "", *PROSE), **styles)

        collected = Headings()
        collected.add(contents)
        collected.add(other)

        assert [item.page for item in collected.found(frozenset())] == [2]

    def test_none_stand_on_the_cover_of_a_form(self, make_page: MakePage) -> None:
        cover = make_page(
            1, "SECURITIES AND EXCHANGE COMMISSION", "", "FORM 10-K", "", "MAIN OFFICE", *PROSE
        )
        inner = make_page(2, *PROSE, "RISK FACTORS", *PROSE)

        headings = profile_of([cover, inner], FileFacts(2), "a.pdf").headings

        assert [item.text for item in headings] == ["RISK FACTORS"]


class TestOutlines:
    @pytest.fixture
    def pages(self, make_page: MakePage) -> list[Page]:
        """Three pages on which nothing but the outline tells a heading."""
        return [
            make_page(1, *PROSE, "1. The Beginning", *PROSE),
            make_page(2, *PROSE, "The Middle of", "everything", *PROSE, "Its End", *PROSE),
            make_page(3, *PROSE, "THE  LAST PART", *PROSE, "ANOTHER LOUD LINE", *PROSE),
        ]

    ENTRIES = (
        OutlineEntry(1, 2, "Beginning"),
        OutlineEntry(1, 2, "The beginning"),
        OutlineEntry(2, 2, "The middle of everything"),
        OutlineEntry(2, 3, "1.2 Its end"),
        OutlineEntry(2, 2, "The Last Part"),
    )

    def found(
        self, pages: list[Page], entries: tuple[OutlineEntry, ...]
    ) -> list[tuple[int, int, str]]:
        collected = Headings(entries)
        for page in pages:
            collected.add(page)
        return [(item.page, item.level, item.text) for item in collected.found(frozenset())]

    def test_are_found_on_their_pages_whatever_case_spaces_and_numbers(
        self, pages: list[Page]
    ) -> None:
        assert self.found(pages, self.ENTRIES[1:]) == [
            (1, 1, "1. The Beginning"),
            (2, 1, "The Middle of everything"),
            (2, 2, "Its End"),
            # One page later than the outline says.
            (3, 1, "THE LAST PART"),
            # Guessed, and as deep as the listed one that looks the same.
            (3, 1, "ANOTHER LOUD LINE"),
        ]

    def test_may_be_cut_short(self, pages: list[Page]) -> None:
        cut = replace(self.ENTRIES[2], title="The middle of ev…")
        other = replace(self.ENTRIES[2], title="The mid…")

        entries = (self.ENTRIES[1], cut, *self.ENTRIES[3:])
        assert (2, 1, "The Middle of everything") in self.found(pages, entries)
        assert self.found(pages, (other,) * 3) == self.found(pages, ())

    def test_keep_deeper_guessed_headings_between(self, pages: list[Page]) -> None:
        styled = set_as(pages[0], **{"1__The": (20.0, True)}), pages[1], pages[2]

        found = self.found([*styled], self.ENTRIES[1:4])

        assert [level for _, level, _ in found] == [1, 1, 2, 4, 4]

    @pytest.mark.parametrize(
        "entries",
        [
            ENTRIES[1:3],
            tuple(replace(entry, title=f"Another {entry.title}") for entry in ENTRIES),
            tuple(OutlineEntry(2, 1, said) for said in ("The middle of", "everything", "Its end")),
            tuple(OutlineEntry(number, 1, "Contents") for number in range(1, 4)),
        ],
        ids=["too few", "of another document", "one place only", "contents"],
    )
    def test_are_not_taken_when_they_are_of_little_use(
        self, pages: list[Page], entries: tuple[OutlineEntry, ...]
    ) -> None:
        assert [text for _, _, text in self.found(pages, entries)] == [
            "THE LAST PART",
            "ANOTHER LOUD LINE",
        ]

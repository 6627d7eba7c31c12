"""Running lines: found on enough pages, in the right place, and nowhere else."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from data.contents import LineKind, Page, Profile
from ingestion.layout import RunningLines, normalised, running_spans

MakePage = Callable[..., Page]
BODY = [f"Body line {word}" for word in "abcdefghi"]


def body(number: int) -> list[str]:
    return [f"{line} {'xyz' * number}" for line in BODY]


def found(pages: Iterable[Page]) -> frozenset[str]:
    running = RunningLines()
    for page in pages:
        running.add(page)
    return running.found()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Page 12 of 340", "page # of #"),
        ("  ACME  Inc. | 2022 ", "acme inc. | #"),
        ("xiv", "#"),
        ("1,234.5", "#"),
        ("mix", "mix"),
        ("", ""),
    ],
)
def test_normalised_lines_differ_in_neither_case_nor_numbers(line: str, expected: str) -> None:
    assert normalised(line) == expected


class TestRunningLines:
    def test_are_headers_and_footers_that_recur(self, make_page: MakePage) -> None:
        pages = [make_page(n, "The Report 2022", *body(n), f"Page {n}") for n in range(1, 6)]

        assert found(pages) == {"the report #", "page #"}

    def test_may_differ_between_left_and_right_pages(self, make_page: MakePage) -> None:
        pages = [
            make_page(n, "The Book" if n % 2 else "Its Chapter", *body(n)) for n in range(1, 9)
        ]

        assert found(pages) == {"the book", "its chapter"}

    def test_may_run_over_one_chapter_of_a_long_document(self, make_page: MakePage) -> None:
        pages = [
            make_page(n, *(["Chapter Nine"] if 40 <= n < 46 else []), *body(n))
            for n in range(1, 61)
        ]

        assert found(pages) == {"chapter nine"}

    def test_need_three_pages(self, make_page: MakePage) -> None:
        assert found(make_page(n, "The Report", *body(n)) for n in (1, 2)) == frozenset()

    def test_are_not_lines_in_the_middle_of_the_page(self, make_page: MakePage) -> None:
        pages = [make_page(n, *body(n), "Total assets", *body(n + 9)) for n in range(1, 6)]

        assert found(pages) == frozenset()

    def test_are_not_rows_of_figures(self, make_page: MakePage) -> None:
        pages = [make_page(n, f"{n},100 2{n}0 99", *body(n)) for n in range(1, 6)]

        assert found(pages) == frozenset()

    def test_are_page_numbers_only_in_the_outermost_row(self, make_page: MakePage) -> None:
        pages = [make_page(n, *body(n), f"{n}") for n in range(1, 6)]

        assert found(pages) == {"#"}
        page = make_page(6, "Sum", "17", *body(6), "6")
        assert [
            page.text[start:end] for start, end in running_spans(page, Profile("T", found(pages)))
        ] == ["6"]

    def test_are_numbers_of_an_appendix_s_pages_too(self, make_page: MakePage) -> None:
        pages = [make_page(n, *body(n), f"A-{n}") for n in range(1, 6)]

        assert found(pages) == {"a-#"}

    def test_are_not_names_of_what_is_bound_together(self, make_page: MakePage) -> None:
        pages = [make_page(n, f"Exhibit 10.{n}", *body(n)) for n in range(1, 6)]

        assert found(pages) == frozenset()

    def test_are_not_heads_of_a_table_that_goes_on(self, make_page: MakePage) -> None:
        pages = [make_page(n, "Year Costs Sales", *body(n)) for n in range(1, 6)]
        heads = [
            replace(page, lines=(replace(page.lines[0], kind=LineKind.TABLE_HEAD), *page.lines[1:]))
            for page in pages
        ]

        assert found(pages) == {"year costs sales"}
        assert found(heads) == frozenset()

    def test_stand_at_the_same_height_behind_the_outermost_row(self, make_page: MakePage) -> None:
        pages = [
            make_page(n, f"Top {n * 'x'}", *[""] * (3 * n), "Cost", *[""] * (18 - 3 * n), *body(n))
            for n in range(1, 6)
        ]

        assert found(pages) == frozenset()

    def test_are_found_by_place_and_not_by_order(self, make_page: MakePage) -> None:
        page = make_page(1, *body(1), "foot")
        turned = Page(1, page.text, page.boxes, tuple(reversed(page.lines)))

        assert running_spans(turned, Profile("T", frozenset({"foot"}))) == [
            (page.text.index("foot"), len(page.text))
        ]

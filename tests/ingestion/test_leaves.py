"""Text without pages becomes pages that a reader would count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contents import PAGE_TRUNCATED, LineKind
from ingestion.parsers.cleaning import cleaned
from ingestion.parsers.leaves import (
    BODY,
    PAGE_CHARACTERS,
    Block,
    Leaf,
    Leaves,
    Said,
    divided,
    page_of,
    sections,
)
from ingestion.parsers.wording import plain, plain_lines


def texts(leaves: object) -> list[list[str]]:
    return [[block.text for block in leaf.blocks] for leaf in leaves]  # type: ignore[attr-defined]


class TestSections:
    def test_begin_at_the_outermost_headings_of_which_there_are_several(self) -> None:
        blocks = [
            Block("The title", 1),
            Block("First", 2),
            Block("One."),
            Block("A detail", 3),
            Block("Second", 2),
            Block("Two."),
        ]

        assert texts(sections(blocks)) == [
            ["The title", "First", "One.", "A detail"],
            ["Second", "Two."],
        ]

    def test_that_are_long_are_divided_evenly_between_paragraphs(self) -> None:
        blocks = [Block("Only", 1), *(Block("word " * 150) for _ in range(11))]

        leaves = list(sections(blocks))

        assert len(leaves) == 3
        sizes = [sum(len(block.text) for block in leaf.blocks) for leaf in leaves]
        assert max(sizes) <= PAGE_CHARACTERS
        assert min(sizes) > max(sizes) / 2

    def test_that_are_a_long_list_of_entries_share_pages(self) -> None:
        blocks = [part for n in range(2000) for part in (Block(f"Entry {n}", 2), Block("It is."))]

        assert len(list(sections(blocks))) < 20


class TestDividing:
    def test_leaves_no_heading_at_a_foot(self) -> None:
        blocks = [Block("a" * 90), Block("Heading", 1), Block("b" * 90)]

        assert texts(divided(blocks, 100)) == [["a" * 90], ["Heading", "b" * 90]]

    def test_repeats_the_head_of_a_table(self) -> None:
        head = Block("Name | Size", kind=LineKind.TABLE_HEAD)
        rows = [Block(f"row {n} | {n}", kind=LineKind.TABLE_ROW, close=True) for n in range(20)]

        leaves = texts(divided([head, *rows], 100))

        assert len(leaves) > 2
        assert {leaf[0] for leaf in leaves} == {"Name | Size"}
        assert [text for leaf in leaves for text in leaf[1:]] == [row.text for row in rows]

    @given(st.text(alphabet="ab .\n", max_size=500), st.integers(10, 60))
    def test_loses_only_white_space(self, text: str, limit: int) -> None:
        leaves = list(divided([Block(text)], limit)) if text else []

        joined = "".join(block.text for leaf in leaves for block in leaf.blocks)
        assert joined.split() == text.split() or "".join(joined.split()) == "".join(text.split())
        assert all(len(block.text) <= limit for leaf in leaves for block in leaf.blocks)


class TestAPage:
    def test_has_lines_whose_size_tells_headings(self) -> None:
        page = page_of(
            3, Leaf((Block("Head", 2), Block("One\ntwo"), Block("x | y", close=True)), "iv"), 1000
        )

        assert page.text == "Head\n\nOne\ntwo\nx | y"
        assert [page.text[line.start : line.end] for line in page.lines] == [
            "Head", "One", "two", "x | y",
        ]  # fmt: skip
        assert page.lines[0].size > 1.15 * BODY
        assert [line.bold for line in page.lines] == [True, False, False, False]
        assert (page.number, page.label, page.warning) == (3, "iv", None)

    def test_over_the_limit_is_cut_and_says_so(self) -> None:
        page = page_of(1, Leaf((Block("abc"), Block("defghi"), Block("x"))), 7)

        assert (page.text, page.warning) == ("abc\n\nde", PAGE_TRUNCATED)
        assert [(line.start, line.end) for line in page.lines] == [(0, 3), (5, 7)]


class TestAFile:
    def test_tells_its_outline(self) -> None:
        leaves = [Leaf((Block("One", 1),)), Leaf((Block("x"), Block("Two", 2)))]

        facts = Leaves(leaves, Said(" A\ntitle ", None, ""), 10, 1000).facts

        assert [(entry.page, entry.level, entry.title) for entry in facts.outline] == [
            (1, 1, "One"),
            (2, 2, "Two"),
        ]
        assert (facts.pages, facts.title, facts.created) == (2, "A title", None)

    def test_with_too_many_pages_says_how_many_and_keeps_few(self) -> None:
        facts = Leaves((Leaf((Block("x"),)) for _ in range(50)), Said(), 10, 1000).facts

        assert facts.pages == 50

    def test_without_text_has_one_empty_page(self) -> None:
        file = Leaves([], Said(), 10, 1000)

        assert (file.facts.pages, file.page(1).text) == (1, "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  two \t words\r\n", "two words"),
        ("no\u00a0break\u2009thin", "no break thin"),
        ("zero\u200bwidth \u202egnol\u2066", "zerowidth gnol"),
        ("co\u00adop\ufffe", "coop"),
        ("e\u0301 a\x00b\x07 \ud800", "é ab"),
        ("\U000e0041tag\U0001fffe😀", "tag😀"),
    ],
)
def test_a_line_is_visible_and_composed(text: str, line: str) -> None:
    assert plain(text) == line


def test_lines_that_are_empty_are_left_out() -> None:
    assert plain_lines("a\r\n \n\u2028b\x0bc") == "a\nb\nc"


@given(st.text(alphabet=st.characters(exclude_characters="\u00ad\ufffe-"), max_size=60))
def test_a_line_reads_as_the_same_text_in_a_pdf(text: str) -> None:
    import numpy as np

    codes = np.array([ord(character) for character in text], np.uint32)

    read = cleaned(codes, np.zeros((len(codes), 4), np.float32)).text

    assert plain(text) == plain(read.replace("\n", " "))

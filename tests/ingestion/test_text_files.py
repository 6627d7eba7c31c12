"""HTML, Markdown, tables as text and plain text: what a reader of the file would see."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data.contents import LineKind, Page
from data.file_errors import UnreadableFile
from ingestion.parsers.formats import open_file
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.text_kinds import CSV, HTML, MARKDOWN, PLAIN

Open = Callable[..., OpenFile]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Open a file of this text."""

    def open_it(text: str | bytes, media_type: str, limit: int = 1_000_000) -> OpenFile:
        path = tmp_path / "file"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return open_file(Opening(path, None, limit, media_type, 5000))

    return open_it


def pages(file: OpenFile) -> list[Page]:
    return [file.page(number) for number in range(1, file.facts.pages + 1)]


def lines(page: Page, kind: LineKind) -> list[str]:
    return [page.text[line.start : line.end] for line in page.lines if line.kind is kind]


HIDDEN = """<!doctype html><html><head><title> A  page </title><style>p {}</style>
<meta name="author" content="Ann"><meta property="article:published_time" content="2023-04-21">
<script>var a = "no";</script></head><body><nav>Home</nav>
<p style="display: none">no</p><p hidden>no</p><p aria-hidden="true">no</p>
<div style="VISIBILITY:HIDDEN">no</div><template>no</template><noscript>no</noscript>
<p>Seen <b>in</b><i>line</i>,<span hidden>no</span> <a href="https://example.com/no">linked</a>.
A<br>break. <img src="no.png" alt="A red barn"><img alt="IMG_1234.jpg"><!-- no --></p>
<textarea>no</textarea></body></html>"""


class TestHtml:
    def test_is_what_a_browser_shows(self, opened: Open) -> None:
        file = opened(HIDDEN, HTML)

        assert [page.text for page in pages(file)] == ["Seen inline, linked. A\nbreak. A red barn"]
        facts = file.facts
        assert (facts.title, facts.author, facts.created) == ("A page", "Ann", "2023-04-21")

    def test_has_a_page_for_each_section(self, opened: Open) -> None:
        text = "<h1>T</h1><p>Intro.</p><h2>One</h2><p>First.</p><h3>Deep</h3>x<h2>Two</h2>Second."
        file = opened(text, HTML)

        assert [page.text for page in pages(file)] == [
            "T\n\nIntro.\n\nOne\n\nFirst.\n\nDeep\n\nx",
            "Two\n\nSecond.",
        ]
        assert [(entry.page, entry.level, entry.title) for entry in file.facts.outline] == [
            (1, 1, "T"),
            (1, 2, "One"),
            (1, 3, "Deep"),
            (2, 2, "Two"),
        ]

    def test_keeps_tables_as_rows(self, opened: Open) -> None:
        text = """<table><caption>Sales</caption><thead><tr><th>Region<th colspan=2>2022</thead>
        <tr><td rowspan=2>North<td>$<td>1,200<tr><td>$<td>(90)<tr hidden><td>no<td>no</table>"""
        [page] = pages(opened(text, HTML))

        assert page.text == "Sales\nRegion | 2022\nNorth | $1,200\nNorth | $(90)"
        assert lines(page, LineKind.TABLE_HEAD) == ["Sales", "Region | 2022"]
        assert lines(page, LineKind.TABLE_ROW) == ["North | $1,200", "North | $(90)"]

    def test_puts_signs_in_columns_of_their_own_to_their_numbers(self, opened: Open) -> None:
        text = """<table><tr><td><td colspan=3>2022<td colspan=3>2021
        <tr><td>Net loss<td>$<td>(90<td>)<td>$<td>(7<td>)
        <tr><td>Margin<td><td>12<td>%<td><td>9<td>%</table>"""

        assert pages(opened(text, HTML))[0].text == (
            "| 2022 | 2021\nNet loss | $(90) | $(7)\nMargin | 12% | 9%"
        )

    def test_reads_tables_that_only_place_things_as_text(self, opened: Open) -> None:
        text = """<table><tr><td>Menu<td><h2>News</h2><p>It rained.</p>
        <table><tr><th>Day<th>mm<tr><td>Monday<td>4</table></table>"""
        [page] = pages(opened(text, HTML))

        assert page.text == "Menu\n\nNews\n\nIt rained.\n\nDay | mm\nMonday | 4"

    def test_marks_items_of_lists(self, opened: Open) -> None:
        text = "<ul><li>One<ul><li>Deep</ul><li><p>Two</p></ul><ol start=3><li>Three<li>Four</ol>"

        assert pages(opened(text, HTML))[0].text == "• One\n• Deep\n• Two\n\n3. Three\n4. Four"

    def test_counts_items_from_one_where_their_start_is_no_number(self, opened: Open) -> None:
        assert pages(opened("<ol start=1234567x><li>One</ol>", HTML))[0].text == "1. One"

    def test_sets_no_mark_of_an_empty_item_before_other_text(self, opened: Open) -> None:
        assert pages(opened("<ul><li></li></ul><p>Words", HTML))[0].text == "Words"

    def test_keeps_the_lines_of_preformatted_text(self, opened: Open) -> None:
        assert pages(opened("<pre>a  b\n  c</pre>", HTML))[0].text == "a b\nc"

    def test_is_read_whole_however_many_fonts_are_left_open(self, opened: Open) -> None:
        text = "<font size=2>word " * 20_000 + "<p>the end"
        file = opened(text, HTML)

        words = " ".join(page.text for page in pages(file)).split()
        assert words == ["word"] * 20_000 + ["the", "end"]

    def test_that_is_nested_without_end_is_refused_and_not_cut(self, opened: Open) -> None:
        with pytest.raises(UnreadableFile):
            opened("<div>" * 100_000 + "deep", HTML)

    def test_spans_that_claim_millions_of_cells_claim_few(self, opened: Open) -> None:
        row = "<td colspan=1000 rowspan=65000>x" * 100
        text = f"<table><tr>{row}{'<tr><td>a<td>b' * 1000}</table>"

        assert sum(len(page.text) for page in pages(opened(text, HTML))) < 100_000

    def test_is_decoded_as_it_declares(self, opened: Open) -> None:
        text = '<html><head><meta charset="windows-1251"></head><body>Все люди</body></html>'

        assert pages(opened(text.encode("cp1251"), HTML))[0].text == "Все люди"


class TestMarkdown:
    @pytest.mark.parametrize(
        "deep",
        [
            "\n".join(f"{'  ' * level}- level {level}" for level in range(60)),
            ">" * 20_000 + " quoted",
        ],
        ids=["lists", "quotes"],
    )
    def test_loses_nothing_behind_what_is_nested_deeply(self, opened: Open, deep: str) -> None:
        file = opened(f"# Bees\n\n{deep}\n\nThey sleep at night.\n", MARKDOWN)
        text = "\n".join(page.text for page in pages(file))

        assert deep.split("\n")[-1].strip("-> ") in text
        assert "They sleep at night." in text

    def test_has_headings_lists_tables_and_front_matter(self, opened: Open) -> None:
        text = """---
title: "On bees"
author: Ann
date: 2024-05-01
---
# Bees

They *fly* to [flowers](https://example.com/no). <!-- no -->

- wing
  1. left

| kind | legs |
| --- | --- |
| bee | 6 |

<p hidden>no</p>

```
code line
```
"""
        file = opened(text, MARKDOWN)
        [page] = pages(file)

        assert page.text == (
            "Bees\n\nThey fly to flowers.\n\n• wing\n1. left\n\nkind | legs\nbee | 6\n\ncode line"
        )
        assert lines(page, LineKind.TABLE_HEAD) == ["kind | legs"]
        facts = file.facts
        assert (facts.title, facts.author, facts.created) == ("On bees", "Ann", "2024-05-01")

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("1913", "1913"),
            ("2023-04", "2023-04"),
            ("21 April 2023", "2023-04-21"),
            ("2023/04/21", "2023-04-21"),
            ("2023-04-21T10:00Z", "2023-04-21T10:00Z"),
            ("2023-04-21Tea", "2023-04-21"),
            ("2024 spring edition", None),
            ("2024-99-99", None),
        ],
    )
    def test_has_a_date_only_where_one_is_told(
        self, opened: Open, said: str, told: str | None
    ) -> None:
        assert opened(f"---\ndate: {said}\n---\nWords.\n", MARKDOWN).facts.created == told

    def test_that_only_looks_like_front_matter_is_text(self, opened: Open) -> None:
        assert pages(opened("---\n\nwords\n\n---\n", MARKDOWN))[0].text == "words"


class TestATable:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
    def test_is_read_whatever_stands_between_cells(
        self, opened: Open, delimiter: str, encoding: str
    ) -> None:
        rows = [["Name", "Größe", "Note"], ["Müller", "5", '"a b"'], ["Köhler", "7", ""]]
        text = "\r\n".join(delimiter.join(row) for row in rows)
        [page] = pages(opened(text.encode(encoding), CSV))

        assert page.text == "Name | Größe | Note\nMüller | 5 | a b\nKöhler | 7"
        assert lines(page, LineKind.TABLE_HEAD) == ["Name | Größe | Note"]

    def test_has_a_hundred_rows_and_its_head_on_each_page(self, opened: Open) -> None:
        text = "name,size\n" + "".join(f"n{number},{number}\n" for number in range(250))
        found = pages(opened(text, CSV))

        assert [page.text.count("\n") for page in found] == [100, 100, 50]
        assert {page.text.partition("\n")[0] for page in found} == {"name | size"}
        assert found[1].text.splitlines()[1] == "n100 | 100"

    def test_without_a_head_has_only_rows(self, opened: Open) -> None:
        [page] = pages(opened("1,2\n3,4\n", CSV))

        assert lines(page, LineKind.TABLE_HEAD) == []
        assert page.text == "1 | 2\n3 | 4"

    def test_of_one_column_is_text(self, opened: Open) -> None:
        assert pages(opened("one\ntwo\n", CSV))[0].text == "one\ntwo"

    def test_keeps_all_behind_a_quote_that_never_ends(self, opened: Open) -> None:
        text = 'a,b,c\n1,2,"' + "x,y\n" * 20_000
        found = pages(opened(text, CSV))

        assert sum(page.text.count("x,y") for page in found) > 19_990


class TestPlainText:
    def test_keeps_lines_and_paragraphs(self, opened: Open) -> None:
        text = "A line\nanother  one\n\n\n  Next paragraph.\n"

        assert pages(opened(text, PLAIN))[0].text == "A line\nanother one\n\nNext paragraph."

    def test_has_the_pages_that_form_feeds_divide(self, opened: Open) -> None:
        assert [page.text for page in pages(opened("one\n\f\ntwo\f", PLAIN))] == ["one", "two"]

    def test_finds_chapters_and_underlined_headings(self, opened: Open) -> None:
        text = "Chapter 1. Loomings\n\nCall me.\n\nCHAPTER II\n\nI stuffed.\n\nAn aside\n---\nx\n"
        file = opened(text, PLAIN)

        assert [(entry.page, entry.level, entry.title) for entry in file.facts.outline] == [
            (1, 1, "Chapter 1. Loomings"),
            (2, 1, "CHAPTER II"),
            (2, 2, "An aside"),
        ]

    def test_in_one_long_line_is_divided_between_words(self, opened: Open) -> None:
        found = pages(opened("word " * 5000, PLAIN))

        assert len(found) == 7
        assert {word for page in found for word in page.text.split()} == {"word"}

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("Le café est très agréable à l’été, où les élèves étudient. 5 €", "cp1252"),
            ("Все люди рождаются свободными и равными в своём достоинстве.", "koi8-r"),
            ("すべての人間は、生まれながらにして自由であり、かつ、平等である。", "shift_jis"),
            ("人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心", "gb18030"),
            ("Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni i równi.", "cp1250"),
            ("Hello Wörld, these are words without a mark.", "utf-16-le"),
            ("Hello Wörld, these are words with a mark.", "utf-32"),
        ],
    )
    def test_is_decoded_in_any_encoding(self, opened: Open, text: str, encoding: str) -> None:
        assert pages(opened(text.encode(encoding), PLAIN))[0].text == text

    def test_in_utf_8_with_a_damaged_byte_stays_utf_8(self, opened: Open) -> None:
        text = ("Größe " * 2000).encode() + b"\xff end"

        assert pages(opened(text, PLAIN))[-1].text.endswith("Größe \ufffd end")

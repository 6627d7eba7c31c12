"""Chunks: whole sentences, within the limit, covering each page once."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.contents import Chunk, Heading, Page, Profile, TokenStarts
from data.settings import ChunkingSettings
from ingestion.chunking import Chunker
from ingestion.layout import running_spans
from ingestion.packing import Piece, packed

MakePage = Callable[..., Page]
SMALL = ChunkingSettings(max_tokens=40, min_tokens=8, max_header_tokens=10)
PLAIN = Profile("Title")
# The fixtures that the properties use keep nothing from one example to the next.
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SENTENCE = "The company sold more of its products in the last year than before."
words = st.sampled_from(
    ["sales", "Net", "$", "1,234", "grew.", "U.S.", "今日は。", "antidisestablishmentarianism",
     "x" * 300, "•", "a;", "b,", "Header"]
)  # fmt: skip
rows = st.lists(st.lists(words, max_size=25).map(" ".join), min_size=1, max_size=12)


def sizes(chunks: list[Chunk], token_starts: TokenStarts) -> list[int]:
    return [len(token_starts(chunk.embedded)) for chunk in chunks]


class TestAnyPage:
    @given(lines=rows, least=st.integers(1, 20), headed=st.booleans())
    @ANY
    def test_is_covered_exactly_once_but_for_running_lines(
        self, make_page: MakePage, token_starts: TokenStarts, lines: list[str], least: int,
        headed: bool,
    ) -> None:  # fmt: skip
        page = make_page(3, *(["Header"] if headed else []), *lines, "Header")
        last = max(page.lines, key=lambda line: line.start)
        profile = Profile(
            "A title", frozenset({"header"}),
            (Heading(2, 0, 5, 1, "Before"), Heading(3, last.start, last.end, 2, "Last")),
        )  # fmt: skip
        limits = ChunkingSettings(max_tokens=30, min_tokens=least)

        chunks = Chunker(token_starts, limits).chunks_of(page, profile, 7)

        covered = [
            at for chunk in chunks for start, end in chunk.ranges for at in range(start, end)
        ]
        running = {at for start, end in running_spans(page, profile) for at in range(start, end)}
        assert covered == sorted(set(covered))
        assert not set(covered) & running
        missed = set(range(len(page.text))) - set(covered) - running
        assert not any(page.text[at].strip() for at in missed)
        assert [chunk.number for chunk in chunks] == list(range(7, 7 + len(chunks)))

    @given(lines=rows)
    @ANY
    def test_gives_chunks_that_are_verbatim_trimmed_and_within_the_limit(
        self, make_page: MakePage, token_starts: TokenStarts, lines: list[str]
    ) -> None:
        page = make_page(1, *lines)

        chunks = Chunker(token_starts, SMALL).chunks_of(page, PLAIN, 0)

        for chunk in chunks:
            parts = [page.text[start:end] for start, end in chunk.ranges]
            assert chunk.text == "\n".join(parts)
            assert all(part and part == part.strip() for part in parts)
            assert chunk.embedded == f"Title\n{chunk.text}"
        assert all(size <= SMALL.max_tokens for size in sizes(chunks, token_starts))

    @given(lines=rows)
    @ANY
    def test_gives_the_same_chunks_whatever_came_before(
        self, make_page: MakePage, token_starts: TokenStarts, lines: list[str]
    ) -> None:
        page = make_page(5, *lines)
        profile = Profile("T", headings=(Heading(4, 0, 3, 1, "One"),))
        used = Chunker(token_starts, SMALL)
        other = Profile("Other", headings=(Heading(1, 0, 3, 1, "Two"),))
        used.chunks_of(make_page(4, "Other", SENTENCE), other, 0)

        assert used.chunks_of(page, profile, 0) == Chunker(token_starts, SMALL).chunks_of(
            page, profile, 0
        )


class TestChunks:
    def test_end_where_sentences_end(self, make_page: MakePage, token_starts: TokenStarts) -> None:
        page = make_page(1, *[SENTENCE] * 9)

        chunks = Chunker(token_starts, SMALL).chunks_of(page, PLAIN, 0)

        assert len(chunks) > 2
        assert all(chunk.text.startswith("The") and chunk.text.endswith(".") for chunk in chunks)

    def test_are_of_even_length_instead_of_leaving_a_small_tail(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        page = make_page(1, *["One two three four."] * 8)

        lengths = sizes(Chunker(token_starts, SMALL).chunks_of(page, PLAIN, 0), token_starts)

        assert lengths == [21, 21]

    def test_are_not_small_for_the_sake_of_a_paragraph_s_end(self) -> None:
        pieces = [
            Piece(at, at + 1, tokens, ends_paragraph=at == 0, stretch=0)
            for at, tokens in enumerate([6, 18, 8])
        ]

        assert packed(pieces, 30, 8) == [pieces[:2], pieces[2:]]
        assert packed(pieces, 30, 4) == [pieces[:1], pieces[1:]]

    def test_prefer_to_end_with_a_paragraph(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        page = make_page(1, *["One two three four."] * 5, "", *["One two three four."] * 3)

        chunks = Chunker(token_starts, SMALL).chunks_of(page, PLAIN, 0)

        assert [chunk.text.count("One") for chunk in chunks] == [5, 3]

    def test_begin_with_a_heading_and_never_cross_one(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        page = make_page(2, "The end of it.", "Costs", "They rose.", "Outlook", "Good.")
        headings = (
            Heading(1, 0, 4, 1, "Money"),
            Heading(2, 15, 20, 2, "Costs"),
            Heading(2, 32, 39, 2, "Outlook"),
        )

        chunks = Chunker(token_starts, SMALL).chunks_of(page, Profile("T", headings=headings), 0)

        assert [(chunk.section, chunk.text) for chunk in chunks] == [
            ("Money", "The end of it."),
            ("Money > Costs", "Costs\nThey rose."),
            ("Money > Outlook", "Outlook\nGood."),
        ]
        assert chunks[1].embedded == "T > Money > Costs\nCosts\nThey rose."

    def test_begin_with_all_headings_that_have_no_text_between_them(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        page = make_page(1, "Part", "Chapter", "Text.")
        headings = (Heading(1, 0, 4, 1, "Part"), Heading(1, 5, 12, 2, "Chapter"))

        [chunk] = Chunker(token_starts, SMALL).chunks_of(page, Profile("T", headings=headings), 0)

        assert (chunk.section, chunk.text) == ("Part > Chapter", "Part\nChapter\nText.")

    def test_leave_out_a_running_line_in_their_middle(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        page = make_page(1, "Some text", "FOOTER", "and more.")

        [chunk] = Chunker(token_starts, SMALL).chunks_of(
            page, Profile("T", frozenset({"footer"})), 0
        )

        assert chunk.ranges == ((0, 9), (17, 26))
        assert chunk.text == "Some text\nand more."

    def test_split_a_long_table_between_its_rows(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        rows = [f"Product {row} 1,234 5,678 9,012" for row in range(12)]

        chunks = Chunker(token_starts, SMALL).chunks_of(make_page(1, *rows), PLAIN, 0)

        assert len(chunks) > 3
        assert [line for chunk in chunks for line in chunk.text.split("\n")] == rows

    def test_split_a_sentence_without_end_where_a_clause_ends(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        page = make_page(1, " ".join(f"the buyer of lot number {n} agrees;" for n in range(30)))

        chunks = Chunker(token_starts, SMALL).chunks_of(page, PLAIN, 0)

        assert len(chunks) > 4
        assert all(chunk.text.endswith(";") for chunk in chunks)

    def test_split_a_word_without_end(self, make_page: MakePage, token_starts: TokenStarts) -> None:
        chunks = Chunker(token_starts, SMALL).chunks_of(make_page(1, "x" * 5000), PLAIN, 0)

        assert "".join(chunk.text for chunk in chunks) == "x" * 5000
        assert max(len(chunk.text) for chunk in chunks) <= 16 * SMALL.max_tokens

    @pytest.mark.parametrize("text", ["", " \n\n "])
    def test_are_none_for_a_page_without_text(
        self, make_page: MakePage, token_starts: TokenStarts, text: str
    ) -> None:
        assert Chunker(token_starts, SMALL).chunks_of(make_page(1, text), PLAIN, 0) == []


class TestHeader:
    def test_loses_its_outer_sections_when_it_is_too_long(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        headings = tuple(
            Heading(1, 0, 1, level, f"{name} of the whole story")
            for level, name in enumerate(["Part", "Book", "End"], start=1)
        )

        [chunk] = Chunker(token_starts, SMALL).chunks_of(
            make_page(2, "Text."), Profile("Title", headings=headings), 0
        )

        assert chunk.section.count(" > ") == 2
        assert chunk.embedded == "Title > End of the whole story\nText."

    def test_is_cut_when_the_title_alone_is_too_long(
        self, make_page: MakePage, token_starts: TokenStarts
    ) -> None:
        [chunk] = Chunker(token_starts, SMALL).chunks_of(
            make_page(2, "Text."), Profile(" ".join(["word"] * 50)), 0
        )

        assert chunk.embedded == f"{' '.join(['word'] * 10)}\nText."

"""Tables are chunks of their own, and each part of one says what its columns are."""

from collections.abc import Callable
from dataclasses import replace

from data.contents import Chunk, LineKind, Page, Profile, TokenStarts
from data.settings import ChunkingSettings
from ingestion.chunking import Chunker

MakePage = Callable[..., Page]
PROSE = "The company sold more of its products in the last year than in the year before it."
HEAD = "(Millions) | 2022 | 2021"
ROWS = [f"Sales of region number {n} | {n},000 | ({n},500)" for n in range(1, 9)]
LIMITS = ChunkingSettings(max_tokens=60, max_table_tokens=70, min_tokens=8, max_header_tokens=10)


def with_table(page: Page, first: int, heads: int, last: int) -> Page:
    """Return the page with these lines as a table."""
    kinds = [LineKind.TABLE_HEAD] * heads + [LineKind.TABLE_ROW] * (last - first - heads)
    lines = list(page.lines)
    for index, kind in enumerate(kinds, first):
        lines[index] = replace(lines[index], kind=kind)
    return replace(page, lines=tuple(lines))


def chunks_of(page: Page, token_starts: TokenStarts) -> list[Chunk]:
    return Chunker(token_starts, LIMITS).chunks_of(page, Profile("Title"), 0)


def test_a_table_shares_no_chunk_with_the_prose_around_it(
    make_page: MakePage, token_starts: TokenStarts
) -> None:
    page = with_table(make_page(1, PROSE, HEAD, *ROWS[:2], PROSE), 1, 1, 4)

    texts = [chunk.text for chunk in chunks_of(page, token_starts)]

    assert texts == [PROSE, "\n".join([HEAD, *ROWS[:2]]), PROSE]


def test_each_part_of_a_long_table_begins_with_its_head(
    make_page: MakePage, token_starts: TokenStarts
) -> None:
    page = with_table(make_page(1, HEAD, *ROWS), 0, 1, 9)

    chunks = chunks_of(page, token_starts)

    assert len(chunks) > 1
    assert all(chunk.text.startswith(HEAD) for chunk in chunks)
    rows = [row for chunk in chunks for row in chunk.text.split("\n")[1:]]
    assert rows == ROWS
    for chunk in chunks:
        assert chunk.text == "\n".join(page.text[start:end] for start, end in chunk.ranges)
        assert len(token_starts(chunk.embedded)) <= LIMITS.max_table_tokens


def test_each_part_of_a_long_table_has_its_caption(
    make_page: MakePage, token_starts: TokenStarts
) -> None:
    page = with_table(make_page(1, PROSE, "Sales by region", HEAD, *ROWS), 2, 1, 11)

    prose, *parts = chunks_of(page, token_starts)

    assert prose.text == PROSE
    assert len(parts) > 1
    assert all(part.text.startswith(f"Sales by region\n{HEAD}\n") for part in parts)


def test_a_table_without_a_head_repeats_its_caption(
    make_page: MakePage, token_starts: TokenStarts
) -> None:
    page = with_table(make_page(1, "Sales by region", *ROWS), 1, 0, 9)

    parts = chunks_of(page, token_starts)

    assert len(parts) > 1
    assert all(part.text.startswith("Sales by region\n") for part in parts)


def test_a_second_head_begins_a_second_table(
    make_page: MakePage, token_starts: TokenStarts
) -> None:
    lines = [HEAD, *ROWS[:2], "Share | 2022 | 2021", *ROWS[2:4]]
    page = with_table(with_table(make_page(1, *lines), 0, 1, 3), 3, 1, 6)

    texts = [chunk.text for chunk in chunks_of(page, token_starts)]

    assert [text.split("\n")[0] for text in texts] == [HEAD, "Share | 2022 | 2021"]


def test_a_head_that_would_leave_no_room_is_not_repeated(
    make_page: MakePage, token_starts: TokenStarts
) -> None:
    heads = [f"The long head of column number {n} | and of another one" for n in range(4)]
    page = with_table(make_page(1, *heads, *ROWS), 0, 4, 12)

    chunks = chunks_of(page, token_starts)

    assert "\n".join(chunk.text for chunk in chunks) == page.text

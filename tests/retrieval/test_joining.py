"""Passages: what was found, with the neighbours that fit."""

from dataclasses import replace

from data.contents import StoredChunk
from retrieval.fusion import Hit
from retrieval.joining import joined, neighbours, single


def chunk(
    number: int, text: str = "ten chars.", page: int = 1, section: str = "", document: str = "d"
) -> StoredChunk:
    return StoredChunk(
        id=f"{document}-1-{number}",
        document_id=document,
        library_id="lib",
        library="default",
        version=1,
        filename="a.pdf",
        title=None,
        number=number,
        page=page,
        ranges=((number * 100, number * 100 + len(text)),),
        section=section,
        text=text,
    )


def hit(number: int, score: float = 1.0, page: int = 1) -> Hit:
    found = chunk(number, page=page)
    return Hit(found, score, {"dense": 1})


CHUNKS = [chunk(number, page=1 + number // 3) for number in range(9)]


class TestASingleHit:
    def test_is_a_passage_of_its_own_text(self) -> None:
        passage = single(hit(4, page=2))

        assert passage.text == "ten chars."
        assert (passage.page, passage.page_end) == (2, 2)
        assert passage.span_texts() == ["ten chars."]


class TestJoining:
    def test_takes_the_neighbours_in_reading_order(self) -> None:
        (passage,) = joined([hit(4, page=2)], CHUNKS, characters=100, limit=1)

        assert [span.start for span in passage.spans] == [200, 300, 400, 500, 600]
        assert passage.chunk_id == "d-1-4"
        assert passage.text == "\n".join(passage.span_texts())

    def test_takes_none_that_does_not_fit(self) -> None:
        (passage,) = joined([hit(4)], CHUNKS, characters=25, limit=1)

        assert [span.start for span in passage.spans] == [400, 500]

    def test_takes_none_of_another_section(self) -> None:
        around = [chunk(3, section="before"), chunk(4), chunk(5, section="after")]

        (passage,) = joined([hit(4)], around, characters=100, limit=1)

        assert passage.text == "ten chars."

    def test_keeps_a_hit_whole_that_is_larger_than_the_bound(self) -> None:
        (passage,) = joined([hit(4)], CHUNKS, characters=1, limit=1)

        assert passage.text == "ten chars."

    def test_says_the_page_of_the_hit_and_the_last_page(self) -> None:
        (passage,) = joined([hit(2, page=1)], CHUNKS, characters=100, limit=1)

        assert (passage.page, passage.page_end) == (1, 2)

    def test_puts_no_chunk_into_two_passages(self) -> None:
        hits = [hit(4), hit(5), hit(7)]

        passages = joined(hits, CHUNKS, characters=100, limit=8)

        starts = [span.start for passage in passages for span in passage.spans]
        assert len(starts) == len(set(starts))
        assert [passage.chunk_id for passage in passages] == ["d-1-4", "d-1-5", "d-1-7"]

    def test_stops_at_the_limit(self) -> None:
        assert len(joined([hit(0), hit(4), hit(8)], CHUNKS, characters=100, limit=2)) == 2


def test_neighbours_are_the_chunks_beside_the_hits_and_not_the_hits() -> None:
    assert set(neighbours([hit(3), hit(4)])) == {"d-1-1", "d-1-2", "d-1-5", "d-1-6"}


def test_the_head_of_a_table_that_each_part_repeats_is_there_once() -> None:
    def part(number: int, row: str) -> StoredChunk:
        start = 100 * number
        ranges = ((0, 4), (start, start + len(row)))
        return replace(chunk(number), text=f"head\n{row}", ranges=ranges)

    parts = [part(1, "row one"), part(2, "row two")]

    (passage,) = joined([Hit(parts[0], 1.0, {})], parts, characters=100, limit=1)

    assert passage.text == "head\nrow one\nrow two"
    assert passage.span_texts() == ["head", "row one", "row two"]

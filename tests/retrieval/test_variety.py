"""Hits that say something of their own."""

from dataclasses import replace

from retrieval.fusion import Hit
from retrieval.variety import distinct, spread
from tests.retrieval.test_fusion import chunks

PROSE = "The harbour master counts every ship that enters between sunrise and sunset in the book."

# The last one says what the one before it says.
YEARS = {"2024": "The", "2025": "The", "2025 ": "Any"}


def hit(id_: str, text: str) -> Hit:
    return Hit(replace(chunks(id_)[id_], text=text), 1.0, {})


def ids(hits: list[Hit]) -> list[str]:
    return [one.chunk.id for one in hits]


class TestDistinct:
    def test_keeps_the_better_one_of_two_copies(self) -> None:
        hits = [hit("a1-0", PROSE), hit("b1-0", PROSE.upper()), hit("c1-0", "Another thing.")]

        assert ids(distinct(hits, 10)) == ["a1-0", "c1-0"]

    def test_tells_texts_apart_that_differ_in_a_number(self) -> None:
        hits = [hit("a1-0", "Sales were 4 million."), hit("b1-0", "Sales were 5 million.")]

        assert ids(distinct(hits, 10)) == ["a1-0", "b1-0"]

    def test_tells_long_texts_apart_that_differ_in_a_number(self) -> None:
        rules = f"{PROSE} Whoever moors at an outer quay pays before noon, at its northern gate."
        fees = [f"{rules} {start} fee of {year} is due." for year, start in YEARS.items()]

        found = distinct([hit(f"{name}1-0", fee) for name, fee in zip("abc", fees, strict=True)], 9)

        assert ids(found) == ["a1-0", "b1-0"]

    def test_fills_up_with_what_comes_behind_a_copy(self) -> None:
        hits = [hit("a1-0", PROSE), hit("b1-0", PROSE), hit("c1-0", "One."), hit("d1-0", "Two.")]

        assert ids(distinct(hits, 2)) == ["a1-0", "c1-0"]


class TestSpread:
    def test_lets_no_document_take_all_the_places(self) -> None:
        hits = [hit(f"a1-{n}", str(n)) for n in range(6)] + [hit("b1-0", "b"), hit("c1-0", "c")]

        assert ids(spread(hits, 5)) == [
            "a1-0", "a1-1", "b1-0", "c1-0", "a1-2", "a1-3", "a1-4", "a1-5",
        ]  # fmt: skip

"""Arranged characters: in another order, but all there, each once and with its own box."""

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contents import LineKind
from ingestion.parsers.arrangement import arranged
from ingestion.parsers.cleaning import Characters, cleaned
from ingestion.parsers.lines import composed

SIZE = (400.0, 600.0)
# What a table's cells look like, and what doesn't.
WORDS = ["Net", "sales", "of", "goods", "$", "1,577", "(305)", "( 12 )", "%", "—", "2022", ")", "a"]
PLACES = st.tuples(
    st.sampled_from([40, 60, 150, 200, 205, 260, 300, 303]),
    st.sampled_from([50, 55, 64, 78, 92, 93, 106, 120, 300, 550]),
)


def placed(pieces: list[tuple[str, tuple[int, int]]], *, newlines: list[bool]) -> Characters:
    """Characters of pieces that stand at places, as a parser gives them."""
    text, boxes = "", []
    for (piece, (x, y)), newline in zip(pieces, newlines, strict=True):
        if text:
            text += "\n" if newline else " "
            boxes.append((0.0, 0.0, 0.0, 0.0))
        for at, _ in enumerate(piece):
            boxes.append((x + 5.0 * at, y, x + 5.0 * at + 5, y + 10))
        text += piece
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint32)
    fractions = np.array(boxes).reshape(-1, 4) / np.array([400, 600, 400, 600])
    return cleaned(codes, fractions.astype(np.float32))


def inked(characters: Characters) -> Counter[tuple[object, ...]]:
    """The visible characters with their boxes; what has no box was put in."""
    boxes = characters.boxes.tolist()
    return Counter(
        (character, *box)
        for character, box in zip(characters.text, boxes, strict=True)
        if not character.isspace() and any(box)
    )


PROSE = [
    "a line of prose that is long",
    "Another line that is so too",
    "1 A note at the foot of it",
]
TABLE = (LineKind.TABLE_HEAD, LineKind.TABLE_ROW)


class TestArrangedCharacters:
    @given(
        st.lists(st.tuples(st.sampled_from(WORDS), PLACES), min_size=1, max_size=40)
        | st.lists(st.tuples(st.sampled_from(WORDS + 6 * PROSE), PLACES), min_size=9, max_size=30),
        st.randoms(use_true_random=False),
    )
    def test_are_the_same_ones_each_with_its_box(
        self, pieces: list[tuple[str, tuple[int, int]]], random: Random
    ) -> None:
        newlines = [random.random() < 0.7 for _ in pieces]
        before = placed(pieces, newlines=newlines)

        after, kinds = arranged(before, SIZE)

        assert inked(after) == inked(before)
        assert len(after.codes) == len(after.boxes) == len(after.source)
        lines = after.text.split("\n")
        assert len(kinds) == len(lines)
        assert all(line and line == line.strip() for line in lines)
        put_in = [
            character
            for character, box in zip(after.text, after.boxes, strict=True)
            if not box.any()
        ]
        assert set(put_in) <= set(" |\n")

        sizes = [random.choice([7.0, 10.0, 12.0]) for _ in before.codes]
        whole, found = composed(after, lambda index: (sizes[index], False), kinds)

        assert inked(whole) == inked(before)
        assert [whole.text[line.start : line.end] for line in found] == [
            line for line in whole.text.split("\n") if line
        ]
        assert Counter(line.kind in TABLE for line in found) == Counter(
            kind in TABLE for kind in kinds
        )

    def test_are_unchanged_where_there_is_no_table(self) -> None:
        pieces = [("Prose in", (40, 50)), ("two lines", (40, 64))]
        before = placed(pieces, newlines=[True, True])

        after, kinds = arranged(before, SIZE)

        assert after is before
        assert kinds == (LineKind.TEXT, LineKind.TEXT)

    def test_of_one_line_that_was_taken_apart_are_whole(self) -> None:
        pieces = [("(Dollars", (40, 50)), ("in", (83, 50)), ("millions)", (96, 50))]

        after, _ = arranged(placed(pieces, newlines=[True] * 3), SIZE)

        assert after.text == "(Dollars in millions)"

    @pytest.mark.parametrize("box", [(np.nan,) * 4, (np.inf,) * 4, (0.0,) * 4, (-9, -9, 9, 9)])
    def test_may_have_any_places(self, box: tuple[float, ...]) -> None:
        count = 3_000
        codes = np.array([ord("7"), 0x20] * count, np.uint32)
        before = cleaned(codes, np.tile(np.array(box, np.float32), (2 * count, 1)))

        after, _ = arranged(before, SIZE)

        assert after.text == before.text

    def test_of_too_many_pieces_stay_as_they_are(self) -> None:
        pieces = [("7", (20 * (at % 15), at // 15)) for at in range(5_000)]
        before = placed(pieces, newlines=[True] * len(pieces))

        after, kinds = arranged(before, SIZE)

        assert after.text == before.text
        assert set(kinds) == {LineKind.TEXT}

"""Packed boxes: small, exact enough, and one box for each line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data.boxes import Boxes, boxes_of, pack, unpack

HALF_A_STEP = 0.5 / 65535 + 1e-7
fractions = arrays(
    np.float32,
    st.tuples(st.integers(0, 60), st.just(4)),
    elements=st.floats(0, 1, width=32),
)


def row(text: str, left: float, top: float, *, height: float = 0.02, step: float = 0.01) -> Boxes:
    """The boxes of a text that runs along one line; a line end has none."""
    boxes = np.zeros((len(text), 4), np.float32)
    for at, character in enumerate(text):
        if character != "\n":
            x = left + step * at
            boxes[at] = (x, top, x + step, top + height)
    return boxes


class TestPacking:
    @given(fractions)
    def test_keeps_every_edge_to_half_a_step(self, boxes: Boxes) -> None:
        unpacked = unpack(pack(boxes))

        assert unpacked.shape == boxes.shape
        assert np.abs(unpacked - boxes).max(initial=0) <= HALF_A_STEP

    @given(arrays(np.float32, (5, 4), elements=st.floats(width=32)))
    def test_moves_absurd_boxes_onto_the_page(self, boxes: Boxes) -> None:
        unpacked = unpack(pack(boxes))

        assert ((unpacked >= 0) & (unpacked <= 1)).all()

    def test_takes_few_bytes_for_text_that_runs_along_lines(self) -> None:
        page = np.concatenate([row("x" * 80 + "\n", 0.1, 0.02 * line) for line in range(40)])

        assert len(pack(page)) < 2 * len(page)

    @given(st.binary(max_size=40))
    def test_refuses_other_bytes(self, noise: bytes) -> None:
        with pytest.raises(ValueError, match="boxes"):
            unpack(b"\x07" + noise)

    def test_refuses_damaged_bytes_and_bombs(self) -> None:
        packed = pack(row("abc", 0.1, 0.1))

        for damaged in (packed[:-8], packed[:5], b"\x01\xff\xff\xff\xff" + packed[5:], b""):
            with pytest.raises(ValueError, match="boxes"):
                unpack(damaged)


class TestBoxesOfARange:
    def test_gives_one_box_for_each_line(self) -> None:
        packed = pack(np.concatenate([row("first\n", 0.1, 0.1), row("second", 0.1, 0.2)]))

        boxes = boxes_of(packed, 1, 12)

        assert np.allclose(boxes, [(0.11, 0.1, 0.15, 0.12), (0.1, 0.2, 0.16, 0.22)], atol=1e-4)

    def test_ends_a_box_at_a_line_end_even_where_the_next_line_stands_beside(self) -> None:
        assert len(boxes_of(pack(row("cell\ncell", 0.1, 0.1)), 0, 9)) == 2

    def test_gives_two_boxes_for_a_word_whose_line_end_hyphen_was_repaired(self) -> None:
        packed = pack(np.concatenate([row("exam", 0.8, 0.1), row("ple", 0.1, 0.13)]))

        assert len(boxes_of(packed, 0, 7)) == 2

    def test_keeps_a_line_whole_around_a_raised_character(self) -> None:
        line = row("area2 is", 0.1, 0.1)
        line[4, [1, 3]] -= 0.01

        assert len(boxes_of(pack(line), 0, 8)) == 1

    def test_keeps_a_line_whole_that_runs_upwards(self) -> None:
        boxes = np.array([(0.1, 0.9 - y, 0.12, 0.91 - y) for y in np.arange(8) / 100], np.float32)

        assert len(boxes_of(pack(boxes), 0, 8)) == 1

    def test_is_empty_where_nothing_has_a_box(self) -> None:
        packed = pack(row("\n\n", 0, 0))

        assert boxes_of(packed, 0, 2) == []
        assert boxes_of(packed, 5, 9) == []
        assert boxes_of(pack(np.zeros((0, 4), np.float32)), 0, 1) == []

    @given(fractions, st.integers(0, 60), st.integers(0, 60))
    def test_covers_every_box_of_the_range(self, boxes: Boxes, start: int, end: int) -> None:
        packed = pack(boxes)
        merged = boxes_of(packed, start, end)

        for x0, y0, x1, y1 in unpack(packed)[start:end].round(5).tolist():
            if x1 - x0 > 1e-4 and y1 - y0 > 1e-4:
                assert any(
                    left <= x0 + 2e-5 and top <= y0 + 2e-5 and right >= x1 - 2e-5
                    and bottom >= y1 - 2e-5
                    for left, top, right, bottom in merged
                )  # fmt: skip

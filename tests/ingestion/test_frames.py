"""Frames: whole, in order, and bounded."""

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contents import Line, Page
from ingestion.parsers.frames import (
    HEADER_LIMIT,
    LENGTHS,
    Frame,
    encoded,
    frame_in,
    frame_of_page,
    page_of_frame,
    read_frame,
)

frames = st.builds(
    Frame, st.dictionaries(st.text(max_size=5), st.text(max_size=9)), st.binary(max_size=50)
)
LIMIT = 10_000


@given(st.lists(frames, max_size=4), st.integers(1, 20))
def test_frames_come_out_as_they_went_in_however_they_are_cut(sent: list[Frame], step: int) -> None:
    wire = b"".join(map(encoded, sent))
    buffer, received = bytearray(), []
    for at in range(0, len(wire), step):
        buffer += wire[at : at + step]
        while frame := frame_in(buffer, LIMIT):
            received.append(frame)

    assert received == sent
    stream = io.BytesIO(wire)
    assert [read_frame(stream) for _ in sent] == sent
    assert read_frame(stream) is None


def test_a_frame_over_the_limit_is_refused_before_it_arrives() -> None:
    with pytest.raises(ValueError, match="longer"):
        frame_in(bytearray(LENGTHS.pack(10, LIMIT)), LIMIT)


@given(st.binary(max_size=60))
def test_noise_is_refused_with_one_kind_of_error(noise: bytes) -> None:
    try:
        frame = frame_in(bytearray(noise), LIMIT)
    except ValueError:
        return

    assert frame is None or isinstance(frame.header, dict)


def test_a_header_over_its_limit_is_refused_before_it_arrives() -> None:
    with pytest.raises(ValueError, match="longer"):
        frame_in(bytearray(LENGTHS.pack(HEADER_LIMIT + 1, 0)), 10 * HEADER_LIMIT)


def test_a_page_is_the_same_behind_the_wire() -> None:
    page = Page(
        7, "Ünï 😀\nx", b"\x01boxes", (Line(0, 5, 12.5, bold=True), Line(6, 7, 0.1, bold=False)),
        ocr=True, warning="w", ocr_seconds=1.5,
    )  # fmt: skip

    assert page_of_frame(frame_of_page(page)) == page


@pytest.mark.parametrize(
    "change",
    [
        {"text": -1}, {"text": 10**9}, {"text": 10**400}, {"lines": -1}, {"lines": 10**9},
        {"page": float("inf")}, {"page": None}, {"ocr_seconds": "long"}, {"text": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_page_that_no_parser_sends_is_refused(change: dict[str, object]) -> None:
    frame = frame_of_page(Page(7, "Ü", b"boxes", (Line(0, 1, 9.0, bold=False),)))

    with pytest.raises((TypeError, ValueError, OverflowError)):
        page_of_frame(Frame({**frame.header, **change}, frame.payload))


def test_a_text_that_can_not_be_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        page_of_frame(frame_of_page(Page(7, "a\0b", b"")))


def test_numbers_that_are_none_are_zero() -> None:
    page = Page(7, "x", b"", (Line(0, 1, math.nan, bold=False),), ocr_seconds=math.inf)

    received = page_of_frame(frame_of_page(page))

    assert (received.lines[0].size, received.ocr_seconds) == (0.0, 0.0)

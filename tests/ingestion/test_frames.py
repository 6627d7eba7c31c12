"""Frames: whole, in order, and bounded."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contents import Line, Page
from ingestion.parsers.frames import (
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


def test_a_page_is_the_same_behind_the_wire() -> None:
    page = Page(7, "Ünï 😀\nx", b"\x01boxes", (Line(0, 5, 12.5, bold=True),), warning="w")

    assert page_of_frame(frame_of_page(page)) == page

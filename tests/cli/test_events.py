"""Server-sent events from bytes in any pieces."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli import events
from api.cli.events import Event, EventReader
from data.errors import ServerRefused

STREAM = (
    ": hello\n\n"
    "event: accepted\ndata: {}\nid: 1\n\n"
    "event: token\r\ndata: Zürich € 𝛑\r\nid: 2\r\n\r\n"
    ": still here\r\n\r\n"
    "data: one\rdata: two\rdata:\rdata:  three\r\r"
    "event: empty\n\n"
    "id: 5\nunknown: x\ndata\n\n"
    "data: never completed"
).encode()
EVENTS = [
    Event("accepted", "{}", "1"),
    Event("token", "Zürich € 𝛑", "2"),
    Event("message", "one\ntwo\n\n three", "2"),
    Event("message", "", "5"),
]


def read(pieces: list[bytes]) -> list[Event]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)]


class TestEventReader:
    def test_reads_what_the_standard_says(self) -> None:
        assert read([STREAM]) == EVENTS

    def test_reads_one_byte_at_a_time(self) -> None:
        assert read([bytes([byte]) for byte in STREAM]) == EVENTS

    @given(st.lists(st.integers(0, len(STREAM)), max_size=8))
    def test_reads_the_same_however_the_bytes_are_cut(self, cuts: list[int]) -> None:
        ends = [0, *sorted(cuts), len(STREAM)]

        assert read([STREAM[a:b] for a, b in pairwise(ends)]) == EVENTS

    def test_gives_an_event_as_soon_as_its_empty_line_is_there(self) -> None:
        reader = EventReader()

        assert reader.feed(b"data: x\r") == []
        assert reader.feed(b"\n\r") == [Event("message", "x")]
        assert reader.feed(b"\ndata: y\n\n") == [Event("message", "y")]

    def test_passes_over_a_byte_order_mark(self) -> None:
        assert read([b"\xef\xbb", b"\xbfdata: x\n\n"]) == [Event("message", "x")]

    def test_an_event_without_an_end_is_refused(self) -> None:
        piece = b"data: " + b"x" * 65_530

        with pytest.raises(ServerRefused):
            read([piece] * (events.LIMIT_CHARACTERS // len(piece) + 1))

    def test_comments_for_ever_are_no_event_without_an_end(self) -> None:
        reader = EventReader()
        comment = b": " + b"x" * 65_530 + b"\n"

        for _ in range(events.LIMIT_CHARACTERS // 65_536 + 10):
            assert reader.feed(comment) == []
        assert reader.feed(b"data: x\n\n") == [Event("message", "x")]

    def test_bytes_that_are_no_text_are_replaced(self) -> None:
        assert read([b"data: \xff\n\n"]) == [Event("message", "�")]

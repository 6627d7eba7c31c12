"""What is written in one turn of the event loop goes out in one piece."""

import asyncio
from typing import cast

import pytest

from api.gathering import MOST_BYTES, Gathering


class Recorded:
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []
        self.gone = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def abort(self) -> None:
        self.told.append("aborted")

    def is_closing(self) -> bool:
        return self.gone

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
async def gathering(recorded: Recorded) -> Gathering:
    return Gathering(cast("asyncio.Transport", recorded), asyncio.get_running_loop())


async def test_writes_of_a_turn_are_one(gathering: Gathering, recorded: Recorded) -> None:
    for turn in (b"ab", b"cd"):
        for byte in turn:
            gathering.write(bytes((byte,)))
        assert turn not in recorded.told
        await asyncio.sleep(0)

    assert recorded.told == [b"ab", b"cd"]


async def test_a_turn_without_an_end_is_sent_before_it(
    gathering: Gathering, recorded: Recorded
) -> None:
    for _ in range(3):
        gathering.write(b"x" * MOST_BYTES)
        gathering.write(b"y")

    assert recorded.told == [b"x" * MOST_BYTES + b"y"] * 3
    await asyncio.sleep(0)
    assert len(recorded.told) == 3


async def test_closing_sends_what_was_written(gathering: Gathering, recorded: Recorded) -> None:
    gathering.write(b"last words")
    gathering.close()
    await asyncio.sleep(0)

    assert recorded.told == [b"last words", "closed"]


async def test_what_nobody_takes_any_more_is_dropped(
    gathering: Gathering, recorded: Recorded
) -> None:
    gathering.write(b"nobody takes this")
    recorded.gone = True
    await asyncio.sleep(0)

    assert recorded.told == []


async def test_aborting_drops_it(gathering: Gathering, recorded: Recorded) -> None:
    gathering.write(b"nobody takes this")
    gathering.abort()
    await asyncio.sleep(0)

    assert recorded.told == ["aborted"]


async def test_everything_else_is_the_connections(gathering: Gathering) -> None:
    assert gathering.get_extra_info("peername") == "the peername"

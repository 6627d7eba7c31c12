"""Recordings of answers, where the broker forgets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from data.errors import AnswerNotFound
from data.recordings import Recordings
from data.settings import AnswerSettings, BrokerSettings
from tests.running_valkey import RunningValkey, running_valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path) as server:
        yield server


@pytest.fixture
async def recordings(valkey: RunningValkey) -> AsyncIterator[Recordings]:
    async with Recordings(valkey.url, BrokerSettings(), AnswerSettings()) as opened:
        yield opened


async def is_followed(recordings: Recordings) -> bool:
    try:
        await (await recordings.follow("w", "a", -1)).aclose()
    except AnswerNotFound:
        return False
    return True


async def test_an_answer_without_its_beginning_is_not_found(
    recordings: Recordings, valkey: RunningValkey
) -> None:
    recording = recordings.begin("w", "a", lambda _: None)
    recording.attended = True
    recording.add(0, b"event: accepted\ndata: {}\nid: 0\n\n", is_token=False)
    while not await is_followed(recordings):
        pass
    valkey.forget_everything()
    recording.add(1, b"event: done\ndata: {}\nid: 1\n\n", is_last=True, is_token=False)
    while not recording.over:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)

    assert not await is_followed(recordings)
    with pytest.raises(AnswerNotFound):
        await recordings.cancel("w", "a")

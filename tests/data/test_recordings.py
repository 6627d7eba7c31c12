"""How many may read what is recorded."""

import pytest

from data.errors import Overloaded
from data.recordings import Recordings
from data.settings import AnswerSettings, BrokerSettings

# Nobody listens there: what is asked of the broker fails at once.
NOWHERE = "redis://127.0.0.1:9"


async def test_no_more_are_written_and_read_than_answers_may_run_and_wait() -> None:
    settings = AnswerSettings(max_running=1, max_waiting=1)
    async with Recordings(NOWHERE, BrokerSettings(timeout_seconds=0.2), settings) as recordings:
        for answer in ("first", "second"):
            recordings.begin("w", answer, lambda _: None)

        with pytest.raises(Overloaded):
            await recordings.follow("w", "first", -1)

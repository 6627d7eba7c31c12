"""How many may read what is recorded."""

import pytest

from data.errors import Overloaded
from data.recordings import Recordings
from data.settings import AnswerSettings, BrokerSettings

# Nobody listens there: what is asked of the broker fails at once.
NOWHERE = "redis://127.0.0.1:9"


async def test_what_is_written_and_read_at_once_has_a_bound() -> None:
    broker = BrokerSettings(timeout_seconds=0.2)
    async with Recordings(NOWHERE, broker, AnswerSettings(), most=2) as recordings:
        for answer in ("first", "second"):
            recordings.begin("w", answer, lambda _: None)

        with pytest.raises(Overloaded):
            await recordings.follow("w", "first", -1)

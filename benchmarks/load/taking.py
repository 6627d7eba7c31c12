"""One row, one side: warm it up, let the crowd ask, and read every counter before and after."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from benchmarks.load import crowds, library
from benchmarks.load.costs import cpu_seconds, resident_bytes, watched
from benchmarks.load.figures import Figures, errors_of, heard_spreads
from benchmarks.load.rows import Row
from benchmarks.load.sides import Side, question_body
from benchmarks.load.streaming import Heard, ask

# Both sides have answered so many other questions before a row: they serve, they do not start.
WARM_UP, WARM_UP_SECONDS = 200, 8
_BUCKET = 'footnote_batch_texts_bucket{le="'


class Model:
    """The model server's own counters."""

    def __init__(self, address: str) -> None:
        self._address = address.removesuffix("/v1")
        self.port = int(self._address.rpartition(":")[2])

    def reset(self) -> None:
        """Begin to count anew."""
        httpx.post(f"{self._address}/reset", trust_env=False)

    def stats(self) -> dict[str, Any]:
        """Return what it has counted."""
        stats: dict[str, Any] = httpx.get(f"{self._address}/stats", trust_env=False).json()
        return stats


@dataclass(frozen=True, slots=True)
class Readings:
    """What a side has cost so far."""

    at: float
    cpu: float
    cpu_without_workers: float
    batches: dict[str, int]

    @classmethod
    def of(cls, side: Side) -> "Readings":
        services = [pid for pid in side.processes if pid not in side.workers]
        batches = batches_of(side)
        at = time.perf_counter()
        return cls(at, cpu_seconds(side.processes), cpu_seconds(services), batches)


def take(row: Row, side: Side, model: Model, questions: Sequence[str]) -> Figures:
    """Let the row's crowd ask a side, and return what came of it."""
    return asyncio.run(_take(row, side, model, questions))


async def _take(row: Row, side: Side, model: Model, questions: Sequence[str]) -> Figures:
    asking = partial(asked, side)
    others = crowds.in_turn(library.other_questions(), 0)
    await crowds.ramped(asking, others, WARM_UP, WARM_UP_SECONDS)
    model.reset()
    memory = resident_bytes(side.api_processes)
    before = Readings.of(side)
    async with watched(side.api_processes) as peak:
        heard = await row.crowd(side, asking, crowds.in_turn(questions, 1))
    after = Readings.of(side)
    stats = model.stats()
    tokens, seconds = max(int(stats["tokens_sent"]), 1), after.at - before.at
    errors = errors_of(heard)
    first_token, first_byte, between_tokens = heard_spreads(heard)
    return Figures(
        row=row.title,
        side=side.name,
        requests=len(heard),
        started=stats["started"],
        errors=errors.total(),
        error_samples=[f"{many} times: {error}" for error, many in errors.most_common(3)],
        first_token=first_token,
        first_byte=first_byte,
        between_tokens=between_tokens,
        seconds=round(seconds, 1),
        tokens_per_second=round(tokens / seconds, 1),
        cpu_seconds_per_1000_tokens=round((after.cpu - before.cpu) / tokens * 1000, 4),
        cpu_without_workers=round(
            (after.cpu_without_workers - before.cpu_without_workers) / tokens * 1000, 4
        ),
        memory_kib_per_stream=round((peak.resident - memory) / 1024 / max(len(heard), 1), 1),
        batches={
            size: many - before.batches.get(size, 0)
            for size, many in after.batches.items()
            if many > before.batches.get(size, 0)
        },
    )


async def asked(side: Side, question: str) -> Heard:
    """Ask a side a question, and hear the answer to its end."""
    return await ask(side.door, question_body(question))


def batches_of(side: Side) -> dict[str, int]:
    """Return how many batches of which size were encoded so far, where the side tells."""
    if side.stack is None:
        return {}
    up_to, counts = 0, {}
    for line in httpx.get(f"{side.address}/metrics", trust_env=False).text.splitlines():
        if line.startswith(_BUCKET):
            size, _, many = line.removeprefix(_BUCKET).partition('"} ')
            counts[size.removesuffix(".0")] = int(float(many)) - up_to
            up_to = int(float(many))
    return counts

"""Searches a second when as many ask as the service can answer."""

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.figures import spread
from benchmarks.load.library import every_question
from benchmarks.load.sides import Side, ours_at
from benchmarks.load.streaming import Door

CONNECTIONS = 64
SECONDS = 10.0
WARM_UP_SECONDS = 2.0


@dataclass(slots=True)
class Tally:
    """What came back in time."""

    took: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    empty: int = 0


def searches(side: Side, *, equal: bool) -> dict[str, Any]:
    """Return how many searches a second come back, of different questions or of one."""
    return asyncio.run(_searches(side, equal=equal))


async def _searches(side: Side, *, equal: bool) -> dict[str, Any]:
    assert side.stack is not None
    door = ours_at(side.stack, "/v1/search")
    asked = every_question()
    # Kept apart, so that the warm-up leaves nothing behind that a later search could use.
    await _saturate(door, iter(asked[:300]), WARM_UP_SECONDS)
    queries = itertools.repeat(asked[300]) if equal else iter(asked[300:])
    begun = time.perf_counter()
    tally = await _saturate(door, queries, SECONDS)
    seconds = time.perf_counter() - begun
    return {
        "searches a second": round(len(tally.took) / seconds, 1),
        "searches": len(tally.took),
        "seconds": round(seconds, 1),
        "ms": spread(tally.took),
        "errors": dict(tally.errors),
        "without a passage": tally.empty,
    }


async def _saturate(door: Door, queries: Iterator[str], seconds: float) -> Tally:
    """Keep every connection busy until the time, or the queries, are over."""
    tally = Tally()
    deadline = time.perf_counter() + seconds

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        for query in queries:
            if time.perf_counter() > deadline:
                break
            begun = time.perf_counter()
            body = json.dumps({"query": query}).encode()
            writer.write(door.request(body, keep_alive=True))
            status, answer = await _response(reader)
            if status != "200":
                tally.errors[status] += 1
                continue
            tally.took.append(time.perf_counter() - begun)
            tally.empty += b'"passages":[]' in answer
        writer.close()

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return tally


async def _response(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, length = head.partition(b"content-length: ")
    return head[9:12].decode(), await reader.readexactly(int(length.split(b"\r\n")[0]))

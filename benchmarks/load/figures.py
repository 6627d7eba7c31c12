"""What a crowd's row comes to."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.load.streaming import Heard
from benchmarks.servers import FIRST_TOKEN_MS

Spread = dict[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is told of one row and one side; milliseconds unless it says otherwise."""

    row: str
    side: str
    requests: int
    # Requests that the model began to answer: as many, or a cache or an abstention helped.
    started: int
    errors: int
    error_samples: list[str]
    # From connecting to the first word, less what the model takes for it.
    first_token: Spread
    # From connecting to the first byte of the stream's body: Footnote's ``accepted``.
    first_byte: Spread
    between_tokens: Spread
    seconds: float
    tokens_per_second: float
    cpu_seconds_per_1000_tokens: float
    # The same without the processes that index, which have nothing to do.
    cpu_without_workers: float
    memory_kib_per_stream: float
    # How many texts were encoded at once: batches by their size, up to and including.
    batches: dict[str, int]

    def plain(self) -> dict[str, object]:
        return asdict(self)


def spread(seconds: Sequence[float], less_ms: float = 0) -> Spread:
    """Return p50, p95 and the greatest in milliseconds; nothing of nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {
        "p50": round(statistics.median(ordered) * 1000 - less_ms, 1),
        "p95": round(ordered[min(last, int(0.95 * len(ordered)))] * 1000 - less_ms, 1),
        "max": round(ordered[last] * 1000 - less_ms, 1),
    }


def heard_spreads(heard: Sequence[Heard]) -> tuple[Spread, Spread, Spread]:
    """Return the first token's, the first byte's and the gaps' times of what went well."""
    well = [one for one in heard if one.error is None and one.tokens]
    gaps = [
        later - earlier
        for one in well
        for earlier, later in zip(one.tokens, one.tokens[1:], strict=False)
    ]
    return (
        spread([one.tokens[0] for one in well], FIRST_TOKEN_MS),
        spread([one.first_byte for one in well if one.first_byte is not None]),
        spread(gaps),
    )


def errors_of(heard: Sequence[Heard]) -> Counter[str]:
    """Count what went wrong."""
    return Counter(one.error for one in heard if one.error is not None)


def table(rows: Sequence[Figures]) -> str:
    """Return the rows as a Markdown table."""
    head = (
        *("load", "side", "p50", "p95", "accepted p95", "gap p95", "errors", "requests"),
        *("started", "tokens/s", "CPU s per 1,000 tokens (without workers)", "KiB a stream"),
        "batches by size",
    )
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for one in rows:
        cells = (
            *(one.row, one.side, _of(one.first_token, "p50"), _of(one.first_token, "p95")),
            *(_of(one.first_byte, "p95") if one.batches else "–", _of(one.between_tokens, "p95")),
            *(str(one.errors), str(one.requests), str(one.started), f"{one.tokens_per_second:.0f}"),
            f"{one.cpu_seconds_per_1000_tokens:.3f} ({one.cpu_without_workers:.3f})",
            f"{one.memory_kib_per_stream:.0f}",
            " ".join(f"≤{size}: {many}" for size, many in one.batches.items()) or "–",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _of(spread: Spread, name: str) -> str:
    return f"{spread[name]:,.1f}" if spread else "–"

"""How long the stages of a response took, for the tools of a browser."""

from collections.abc import Mapping


def server_timing(timings_ms: Mapping[str, float]) -> dict[str, str]:
    """Return the header ``Server-Timing``; the stages' names are words of ours."""
    stages = (f"{stage};dur={milliseconds:g}" for stage, milliseconds in timings_ms.items())
    return {"Server-Timing": ", ".join(stages)}

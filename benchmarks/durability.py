"""What checkpoints cost: the same files with the slices as they are, and with endless ones."""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.baseline import Baseline
from benchmarks.indexing import index
from tests.running_stack import RunningStack

# A slice is a whole file: nothing is kept before its end.
ENDLESS = {
    "FOOTNOTE_JOBS__PAGES_PER_SLICE": "1000000",
    "FOOTNOTE_JOBS__SECONDS_PER_SLICE": "1000000",
}
# It would be most of the time for a scan, and hide what is looked for.
COMMON = {"FOOTNOTE_OCR__ENABLED": "false"}
# In this order, so that a machine that gets slower or faster meanwhile favours neither.
ORDER = ("slices", "endless", "endless", "slices")


def measure(pdfs: Path, _baseline: Baseline | None) -> dict[str, Any]:
    speeds: dict[str, list[float]] = {"slices": [], "endless": []}
    for kind in ORDER:
        changes = COMMON | (ENDLESS if kind == "endless" else {})
        with tempfile.TemporaryDirectory() as folder, RunningStack(Path(folder), **changes) as one:
            wall, documents = index(one, pdfs)
        speeds[kind].append(sum(document["pages"] for document in documents) / wall)
    with_slices, without = (statistics.mean(speeds[kind]) for kind in ("slices", "endless"))
    return {
        "pages per second with slices, each run": [round(s, 2) for s in speeds["slices"]],
        "pages per second without, each run": [round(s, 2) for s in speeds["endless"]],
        "cost of durability": f"{1 - with_slices / without:.1%}",
    }

"""The same exams with parts of search switched off, on one and the same index."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.quality.exams import Corpus, Exam
from benchmarks.quality.goals import GOALS
from benchmarks.quality.report import Cell, Table
from benchmarks.quality.running import run


@dataclass(frozen=True, slots=True)
class Variant:
    """A name, and the settings that make it: only those that need no indexing anew."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)


VARIANTS = (Variant("all"),)


def ablate(home: Path, corpora: Sequence[Corpus], exams: Sequence[Exam]) -> Table:
    """Take the exams once for every variant, and lay the figures side by side."""
    held = [exam for exam in exams if exam.asked]
    libraries = {exam.library for exam in held}
    used = [corpus for corpus in corpora if corpus.library in libraries]
    columns: dict[str, dict[str, Cell]] = {}
    for variant in VARIANTS:
        print(f"variant: {variant.name}", file=sys.stderr, flush=True)
        result = run(home, used, held, variant.environment)
        columns[variant.name] = {
            **{goal.name: goal.figure(result.sittings) for goal in GOALS},
            "sources, median ms": round(statistics.median(result.sources_ms), 1),
        }
    names = next(iter(columns.values()))
    rows = [
        {"figure": name, **{variant: told[name] for variant, told in columns.items()}}
        for name in names
        if any(told[name] is not None for told in columns.values())
    ]
    return Table("Ablation", rows)

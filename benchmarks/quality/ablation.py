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


NO_SECOND_LOOK = {"FOOTNOTE_SEARCH__SECOND_LOOK_PAGES": "0"}
NO_PAGE = {"FOOTNOTE_SEARCH__PAGE_WEIGHT": "0"}
NO_FACE = {"FOOTNOTE_SEARCH__DOCUMENT_WEIGHT": "0"}
NO_OTHER_WORDS = {"FOOTNOTE_SEARCH__OTHER_WORDS": "false"}
BARE = {**NO_SECOND_LOOK, **NO_PAGE, **NO_FACE, **NO_OTHER_WORDS}
VARIANTS = (
    Variant("all"),
    Variant("no second look", NO_SECOND_LOOK),
    Variant("no words of the page", NO_PAGE),
    Variant("no face of the document", NO_FACE),
    Variant("no other words", NO_OTHER_WORDS),
    Variant("none of these", BARE),
    Variant("and meaning alone", {**BARE, "FOOTNOTE_SEARCH__MEANING_WEIGHT": "1"}),
    Variant("and words alone", {**BARE, "FOOTNOTE_SEARCH__MEANING_WEIGHT": "0"}),
)


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

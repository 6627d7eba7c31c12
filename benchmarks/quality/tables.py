"""The tables of a run, ours and the tutorial's side by side."""

import statistics
from collections.abc import Iterator, Mapping

from benchmarks.quality.abstention import (
    BUDGETS,
    Case,
    abstaining,
    cases_of,
    curve,
    separation,
    within,
)
from benchmarks.quality.exams import ALL, WITHIN
from benchmarks.quality.goals import GOALS, pooled
from benchmarks.quality.intervals import share
from benchmarks.quality.metrics import hits
from benchmarks.quality.quoting import quoting
from benchmarks.quality.report import Cell, Table
from benchmarks.quality.running import Run
from benchmarks.quality.sitting import Sitting

Sittings = Mapping[str, Sitting]
Row = dict[str, Cell]

ENGLISH_ONLY = (
    "The embedding model is an English one. What it finds in other languages rests on what is spelt"
    " alike (names, numbers, loan words) and on the search by words; across languages on the former"
    " alone."
)
NO_EVIDENCE = "The service tells no `evidence` with its answers, so there is no curve."


def tables_of(run: Run, tutorial: Sittings) -> Iterator[Table]:
    """Yield the tables of a run in the order in which they are read."""
    yield goals(run.sittings, tutorial)
    yield Table(
        "Retrieval: 95 % intervals in brackets",
        [row for name, row in retrieval(run.sittings, tutorial) if not name.startswith("xquad")],
    )
    if foreign := [r for name, r in retrieval(run.sittings, tutorial) if name.startswith("xquad")]:
        yield Table("Languages: question → paragraphs", foreign, [ENGLISH_ONLY])
    yield Table("Quotes of the extractive model", list(quotes(run.sittings)))
    yield Table("Abstention", list(abstentions(run.sittings)))
    some = [one for sitting in run.sittings.values() for one in sitting.answers.get(ALL, [])]
    yield abstention_curve(pooled(run.sittings) or cases_of(some))
    yield validity(run)
    yield sources(run)
    yield Table(
        "Corpora", [{"library": name, **_listed(told)} for name, told in run.indexed.items()]
    )


def goals(ours: Sittings, tutorial: Sittings) -> Table:
    rows: list[Row] = []
    for goal in GOALS:
        found = goal.figure(ours)
        if found is not None:
            row: Row = {"figure": goal.name, "n": found.n, "reach": goal.wanted, "Footnote": found}
            row["reached"] = goal.verdict(found)
            if tutorial:
                row["tutorial"] = goal.figure(tutorial)
            rows.append(row)
    return Table("What must be reached", rows)


def retrieval(ours: Sittings, tutorial: Sittings) -> Iterator[tuple[str, Row]]:
    """Yield a row for every exam, scope, group of questions and pipeline."""
    for name, sitting in ours.items():
        for scope in sitting.exam.scopes:
            for group in (None, *sitting.exam.groups(scope)):
                for pipeline, one in (("Footnote", sitting), ("tutorial", tutorial.get(name))):
                    ranks = one.ranks_of(scope, group) if one else []
                    if ranks:
                        counted = hits(ranks)
                        yield (
                            name,
                            {
                                "questions": f"{name}: {group}" if group else name,
                                "found": f"{sitting.exam.unit}, {scope}",
                                "pipeline": pipeline,
                                "n": counted.n,
                                **{f"hit@{cut}": one for cut, one in counted.at.items()},
                                "MRR@10": counted.mrr,
                            },
                        )


def quotes(sittings: Sittings) -> Iterator[Row]:
    for name, sitting in sittings.items():
        for scope, answers in sitting.answers.items():
            counted = quoting(sitting.exam, answers)
            yield {
                "questions": f"{name}, {scope}",
                "n": counted.on_gold.n,
                "the quotes hold the answer": counted.holding,
                "a gold page is cited": counted.on_gold,
                "sentences quoted, mean": counted.sentences,
                "at most": counted.most_sentences,
            }


def abstentions(sittings: Sittings) -> Iterator[Row]:
    groups = {
        f"{name}, {scope}": cases_of(answers)
        for name, sitting in sittings.items()
        for scope, answers in sitting.answers.items()
    }
    if together := pooled(sittings):
        groups[f"squad, {ALL} + pdfqa, {WITHIN}"] = together
    for name, cases in groups.items():
        counted = abstaining(cases)
        yield {
            "questions": name,
            "unanswerable": counted.rightly.n,
            "abstained (recall)": counted.rightly,
            "answerable": counted.wrongly.n,
            "wrongly abstained": counted.wrongly,
            "precision": counted.precision,
            "answerable has more evidence": separation(cases),
        }


def abstention_curve(cases: list[Case]) -> Table:
    points = curve(cases)
    best = {budget: within(points, budget) for budget in BUDGETS}
    rows: list[Row] = [
        {
            "wrongly abstained at most": budget,
            "evidence under": f"{point.threshold:.4f}",
            "wrongly abstained": point.wrongly,
            "abstained": point.rightly,
        }
        for budget, point in best.items()
        if point
    ]
    return Table("Abstention by evidence alone", rows, [] if rows else [NO_EVIDENCE])


def validity(run: Run) -> Table:
    valid = share([True] * (run.citations - len(run.flaws)) + [False] * len(run.flaws))
    row: Row = {"citations": run.citations, "valid": valid, "not valid": len(run.flaws)}
    return Table("Quotes held against their pages: must be all", [row], run.flaws[:20])


def sources(run: Run) -> Table:
    taken = sorted(run.sources_ms)
    row: Row = {
        "questions": len(taken),
        "median, ms": round(statistics.median(taken), 1),
        "p95, ms": round(taken[int(0.95 * (len(taken) - 1))], 1),
    }
    return Table("From sending a question to its sources, one at a time", [row])


def _listed(told: Mapping[str, object]) -> Row:
    failed = told["failed"]
    assert isinstance(failed, dict)
    names = ", ".join(f"{name}: {code}" for name, code in failed.items())
    return {
        **{name: str(value) for name, value in told.items() if name != "failed"},
        "failed": names,
    }

"""Every row, ours and the tutorial pipeline in the same run."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.baseline import Baseline
from benchmarks.load import library, sides
from benchmarks.load.figures import Figures, table
from benchmarks.load.rows import ROWS
from benchmarks.load.searching import searches
from benchmarks.load.taking import Model, take
from benchmarks.servers import MODEL, model_server

TALK = {"between_tokens_ms": 20, "tokens": 100}
SEARCHES = {"search": "different questions", "search-equal": "equal questions"}
KNOWN = (*ROWS, *SEARCHES)
# What is measured without being asked for by name.
USUAL = tuple(name for name in KNOWN if name != "20")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, and where the indexes are kept."""

    rows: tuple[str, ...] = ()
    home: Path | None = None
    baseline_home: Path | None = None
    is_quick: bool = False

    def names(self) -> list[str]:
        named = self.rows or USUAL
        return [one for one in named if not (self.is_quick and one in ROWS and ROWS[one].is_long)]


def measure(plan: Plan, baseline: Baseline | None) -> dict[str, Any]:
    if not (MODEL.exists() and library.QUESTIONS.exists()):
        return {"skipped": f"{MODEL} or {library.QUESTIONS} is not there"}
    with kept_homes(plan) as (home, their_home):
        pdfs, chunks = library.index(home)
        counts = {"PDFs": len(pdfs), "chunks": chunks}
        if baseline:
            counts["tutorial's chunks"] = library.index_theirs(baseline, pdfs, their_home)
        tell("indexed", counts)
        with model_server(**TALK) as model:
            return Measurement(model, home, their_home, baseline).of(plan.names())


@contextmanager
def kept_homes(plan: Plan) -> Iterator[tuple[Path, Path]]:
    """Give both homes, those that nobody wants to keep for as long as they are needed."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder)
        yield plan.home or kept / "ours", plan.baseline_home or kept / "theirs"


class Measurement:
    """Takes row after row, each side started anew for each of them: no row warms another."""

    def __init__(self, model: str, home: Path, their_home: Path, baseline: Baseline | None) -> None:
        self._model = model
        self._home = home
        self._their_home = their_home
        self._baseline = baseline
        self._questions = library.answerable_questions()

    def of(self, names: list[str]) -> dict[str, Any]:
        """Tell each row as it comes, then the table; return what is not in it."""
        rows: list[Figures] = []
        others: dict[str, Any] = {}
        for name in names:
            if name in SEARCHES:
                with self._ours() as side:
                    others[f"/v1/search, {SEARCHES[name]}"] = searches(
                        side, equal=name == "search-equal"
                    )
                continue
            for start in self._both(name):
                with start() as side:
                    rows.append(take(ROWS[name], side, Model(self._model), self._questions))
                tell(f"{name}: {rows[-1].side}", rows[-1].plain())
        if rows:
            print(table(rows), flush=True)
        return others

    def _both(self, name: str) -> Iterator[Callable[[], Any]]:
        yield lambda: self._ours(ROWS[name].model_name)
        if self._baseline and not ROWS[name].ours_alone:
            yield self._theirs

    @contextmanager
    def _ours(self, model_name: str = "mock") -> Iterator[sides.Side]:
        with sides.copied(self._home) as home, sides.ours(home, self._model, model_name) as side:
            yield side

    @contextmanager
    def _theirs(self) -> Iterator[sides.Side]:
        assert self._baseline is not None
        with (
            sides.copied(self._their_home) as home,
            sides.theirs(self._baseline, home, self._model) as side,
        ):
            yield side


def tell(what: str, figures: dict[str, Any]) -> None:
    """Print a row's figures when they are there: the whole takes a quarter of an hour."""
    print(f"{what:44} {json.dumps(figures)}", flush=True)
    print(f"{what}: done", file=sys.stderr)

"""``footnote doctor``: what is kept, compared with each other, and mended."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.cli.embedded import located
from api.cli.terminal import complain, say
from data.audit.audit import Audit, open_audit
from data.audit.findings import Finding
from data.errors import FootnoteError
from data.presence import Presence
from data.settings import Settings
from data.stores import open_stores

# For the jobs that mend to end.
REPAIR_SECONDS = 600.0
LOOK_SECONDS = 0.5
# What was mended may show what was hidden by it: vectors of rows that belonged to nothing.
ROUNDS = 3
# A worker that was not seen for so long does no job.
SEEN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a look has found, and what it went through."""

    findings: tuple[Finding, ...]
    compared: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "clean": self.is_clean,
            "findings": [
                {
                    "code": finding.code,
                    "message": finding.message,
                    **finding.ids,
                    "mendable": finding.mend is not None,
                }
                for finding in self.findings
            ],
            "compared": self.compared,
        }


def examine(settings: Settings, *, repair: bool, tell: Callable[[Report], None]) -> Report:
    """Return what differs, after a repair if one is wanted; what is repaired is told first."""
    settings, own_index = located(settings)
    with open_stores(settings) as stores, open_audit(settings, stores, own_index) as audit:
        report = _look(audit)
        rounds = ROUNDS if repair else 0
        while rounds and any(finding.mend for finding in report.findings):
            rounds -= 1
            tell(report)
            jobs = _mended(report.findings)
            complain(f"Mending; {len(jobs)} jobs are to end …")
            if not wait_for(audit, jobs, stores.presence):
                rounds = 0
            audit.sweep()
            report = _look(audit)
        return report


def show(report: Report) -> None:
    """Print a line for each finding, then what was compared."""
    for finding in report.findings:
        hint = "" if finding.mend is None else " (--repair mends it)"
        say(f"{finding.code}: {finding.message}{hint}")
    counts = ", ".join(f"{number} {name}" for name, number in report.compared.items())
    verdict = "Nothing differs" if report.is_clean else f"{len(report.findings)} findings"
    say(f"{verdict}. Compared: {counts or 'nothing'}.")


def wait_for(
    audit: Audit, jobs: Sequence[str], presence: Presence, seconds: float = REPAIR_SECONDS
) -> bool:
    """Wait until the jobs are over, and return whether they are."""
    deadline = time.monotonic() + seconds
    while left := audit.count_open(jobs):
        if not any(ago < SEEN_SECONDS for ago in presence.seconds_since_seen().values()):
            complain(f"{left} jobs wait, and no worker runs: start Footnote, then look again.")
            return False
        if time.monotonic() > deadline:
            complain(f"{left} jobs go on: look again later.")
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _look(audit: Audit) -> Report:
    findings = tuple(audit.findings())
    return Report(findings, dict(audit.compared))


def _mended(findings: Sequence[Finding]) -> list[str]:
    """Mend what can be mended, and return the ids of the jobs that do it."""
    jobs: list[str] = []
    for finding in findings:
        if finding.mend is None:
            continue
        try:
            if job := finding.mend():
                jobs.append(job)
        except FootnoteError as error:
            complain(f"{finding.code} was not mended: {error}")
    return jobs

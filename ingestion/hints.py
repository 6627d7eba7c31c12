"""What the name of a file hints at: a company, a time, a kind. Never more than a hint."""

import re
from pathlib import PurePath
from typing import NamedTuple

from ingestion.dates import YEAR
from ingestion.kinds import EARNINGS, FORM_NAMES, form_name

_SPLIT = re.compile(rf"[\s_.,()\[\]-]+|(?<=[a-z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?={YEAR}(?!\d))")
_FORM = re.compile(rf"(?:form)?({FORM_NAMES})", re.IGNORECASE)
_QUARTER = re.compile(
    rf"(?P<year>{YEAR})Q(?P<quarter>[1-4])|Q(?P<quarter_first>[1-4])(?P<year_last>{YEAR})|"
    rf"(?P<before>[1-4])Q(?P<year_after>{YEAR})",
    re.IGNORECASE,
)
_LONE_QUARTER = re.compile(r"Q([1-4])|([1-4])Q", re.IGNORECASE)
_DAY = re.compile(rf"(?<!\d)({YEAR})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_KINDS = (
    ("sustainability report", ("sustainability", "report")),
    ("sustainability report", ("esg", "report")),
    ("annual report", ("annual", "report")),
    ("annual report", ("annualreport",)),
    (EARNINGS, ("earnings",)),
    (EARNINGS, ("earningsrelease",)),
    ("datasheet", ("datasheet",)),
    ("manual", ("manual",)),
)
_NO_NAME = re.compile(
    r"\d+|[a-f\d]{16,}|dated?|final|draft|form|the|v\d+|copy|scan|document|report"
)


class Hint(NamedTuple):
    """What a file's name hints at; the words are those that may be a name, in order."""

    words: tuple[str, ...] = ()
    year: int | None = None
    quarter: int | None = None
    day: str | None = None
    kind: str | None = None


def hint_of(filename: str) -> Hint:
    """Return what the words of a file's name look like."""
    stem = PurePath(filename).stem
    found = _DAY.search(stem)
    day = "-".join(found.groups()) if found else None
    # A form's own hyphen would part it: "10-K".
    whole = re.sub(r"(?i)(?<![a-z\d])(\d{1,2})-([KQF])(?![a-z\d])", r"\1\2", stem)
    parts = [part for part in _SPLIT.split(_DAY.sub(" ", whole)) if part]
    year = quarter = kind = None
    words = []
    for part in parts:
        if match := _QUARTER.fullmatch(part):
            groups = match.groupdict()
            year = int(groups["year"] or groups["year_last"] or groups["year_after"])
            quarter = int(groups["quarter"] or groups["quarter_first"] or groups["before"])
        elif re.fullmatch(rf"(?:FY)?({YEAR})", part, re.IGNORECASE):
            year = int(part[-4:])
        elif match := _LONE_QUARTER.fullmatch(part):
            quarter = int(match[1] or match[2])
        elif match := _FORM.fullmatch(part):
            kind = form_name(match[1])
        else:
            words.append(part)
    lower = [word.casefold() for word in words]
    for named, needed in _KINDS:
        if kind is None and all(word in lower for word in needed):
            kind = named
            words = [word for word in words if word.casefold() not in needed]
    kept = tuple(word for word in words if not _NO_NAME.fullmatch(word.casefold()))
    return Hint(kept, year, quarter, day, kind)

"""Dates in a normalised text, in whichever way they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar enero", "february feb februar febrero", "march mar märz marzo",
            "april apr abril", "may mai mayo", "june jun juni junio", "july jul juli julio",
            "august aug agosto", "september sep sept septiembre", "october oct oktober octubre",
            "november nov noviembre", "december dec dezember diciembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>[12]\d{3})"
_WRITTEN = tuple(
    re.compile(rf"(?<!\w){pattern}(?!\w)")
    for pattern in (
        rf"{_MONTH} {_DAY}(?:,? {_YEAR})?",
        rf"{_DAY} (?:of |de )?{_MONTH}(?:,? (?:de )?{_YEAR})?",
        rf"{_MONTH},? {_YEAR}",
        rf"{_YEAR}-(?P<month>\d{{2}})-(?P<day>\d{{2}})",
        rf"(?P<day>\d{{1,2}})[./](?P<month>\d{{1,2}})[./]{_YEAR}",
    )
)
_EITHER_WAY = _WRITTEN[-1]


@dataclass(frozen=True, slots=True)
class Date:
    """A month, with what else is known of it."""

    month: int
    day: int | None
    year: int | None

    def agrees_with(self, other: "Date") -> bool:
        """Whether the other names the same day, as far as this one does, in no other year."""
        return (
            self.month == other.month
            and self.day in (None, other.day)
            and (self.year == other.year or None in (self.year, other.year))
        )


def dates_of(text: str) -> Iterator[tuple[Date, ...]]:
    """Yield each date as the ways in which it may be read: "3/4/2021" has two."""
    for pattern, match in _matches(text):
        date = _date(match)
        if pattern is _EITHER_WAY and date.day is not None:
            yield date, Date(date.day, date.month, date.year)
        else:
            yield (date,)


def without_dates(text: str) -> str:
    """Return the text with blanks for its dates."""
    for _, match in _matches(text):
        text = text[: match.start()] + " " * len(match.group()) + text[match.end() :]
    return text


def _matches(text: str) -> Iterator[tuple[re.Pattern[str], re.Match[str]]]:
    """Yield the dates, pattern by pattern, none of them twice."""
    for pattern in _WRITTEN:
        matches = list(pattern.finditer(text))
        for match in matches:
            yield pattern, match
            text = text[: match.start()] + " " * len(match.group()) + text[match.end() :]


def _date(match: re.Match[str]) -> Date:
    parts = match.groupdict()
    month, day, year = parts["month"], parts.get("day"), parts.get("year")
    return Date(
        _MONTHS.get(month) or int(month), int(day) if day else None, int(year) if year else None
    )

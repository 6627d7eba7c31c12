"""Dates and years as people write them, in English, German, French and Spanish."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

_MONTHS = (
    "january jan januar jänner janvier enero ene",
    "february feb februar février fevrier févr febrero",
    "march mar märz maerz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sept sep septembre septiembre",
    "october oct oktober okt octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez décembre decembre diciembre dic",
)
_MONTH_OF = {
    name: number for number, names in enumerate(_MONTHS, 1) for name in names.split(" ")
}  # fmt: skip
_NAMES = "|".join(sorted(_MONTH_OF, key=len, reverse=True))
YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    rf"(?<![\w.])(?:"
    rf"(?P<iso>{YEAR}-\d\d-\d\d)|"
    rf"(?P<month_first>{_NAMES})\.?\s+(?P<day_second>\d{{1,2}})(?:st|nd|rd|th)?"
    rf"(?:\s?[-–]\s?\d{{1,2}})?,?\s+(?P<year_1>{YEAR})|"
    rf"(?P<day_first>\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?\s+(?:de\s+|of\s+)?"
    rf"(?P<month_second>{_NAMES})\.?,?\s+(?:del?\s+)?(?P<year_2>{YEAR})|"
    rf"(?P<month_only>{_NAMES})\.?,?\s+(?:del?\s+)?(?P<year_3>{YEAR})"
    rf")(?!\w)",
    re.IGNORECASE,
)
# A year alone, or with its month.
_SHORT = re.compile(r"[12]\d{3}(?:-(?:0[1-9]|1[0-2]))?", re.ASCII)


class Written(NamedTuple):
    """A date and where it stands; a day of 0 means that only the month is told."""

    year: int
    month: int
    day: int
    start: int
    end: int

    @property
    def iso(self) -> str:
        """The date as ISO 8601."""
        month = f"{self.year}-{self.month:02d}"
        return f"{month}-{self.day:02d}" if self.day else month


def dates_in(text: str) -> Iterator[Written]:
    """Yield the dates of a text in order; one that is on no calendar is left out."""
    for match in _DATE.finditer(text):
        found = match.groupdict()
        if found["iso"]:
            year, month, day = map(int, found["iso"].split("-"))
        else:
            year = int(found["year_1"] or found["year_2"] or found["year_3"])
            name = found["month_first"] or found["month_second"] or found["month_only"]
            month = _MONTH_OF[name.lower()]
            day = int(found["day_second"] or found["day_first"] or 0)
        if _is_day(year, month, day or 1):
            yield Written(year, month, day, match.start(), match.end())


def first_date(text: str, *, with_day: bool = False) -> Written | None:
    """Return the first date of a text."""
    return next((found for found in dates_in(text) if found.day or not with_day), None)


def lone_date(text: str) -> Written | None:
    """Return the date that a line is, if it is nothing else but, maybe, a day of the week."""
    found = first_date(text)
    if found is None:
        return None
    rest = text[: found.start] + text[found.end :]
    is_alone = re.fullmatch(
        r"(?:(?:date[ds]?|published|issued|updated|released?|revised|filed|decided)\b)?[\s.,:()\[\]]*"
        r"(?:[a-zß-ÿ]{2,8}day|[a-z]{5,10}tag|mittwoch|le)?[\s.,:()\[\]]*",
        rest.strip(),
        re.IGNORECASE,
    )
    return found if is_alone else None


def as_iso(text: str) -> str | None:
    """Return the date, or the day and time, that a text tells, as ISO 8601."""
    text = text.strip().replace("/", "-")
    if _SHORT.fullmatch(text):
        return text
    found = first_date(text)
    if found is None and re.match(rf"{YEAR}-\d\d-\d\dT", text, re.ASCII):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            found = first_date(text[:10])
        else:
            return text
    return found.iso if found else None


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True

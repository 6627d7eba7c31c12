"""Dates in a normalised text, in whichever way they are written."""

import re
from dataclasses import dataclass

from retrieval.spelling import one_of

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar enero ene janvier janv gennaio janeiro",
            "february feb februar febrero février févr febbraio fevereiro",
            "march mar märz marzo mars março",
            "april apr abril abr avril avr aprile",
            "may mai mayo maggio maio",
            "june jun juni junio juin giugno junho",
            "july jul juli julio juillet juil luglio julho",
            "august aug agosto ago août",
            "september sep sept septiembre septembre settembre setembro",
            "october oct oktober okt octubre octobre ottobre outubro",
            "november nov noviembre novembre novembro",
            "december dec dezember dez diciembre dic décembre déc dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
MONTH = rf"(?P<month>{one_of(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
# Neither is the end of a word; said behind the first digit, which is quick to find.
_DAY = r"(?P<day>\d(?<!\w\d)\d?)(?:st|nd|rd|th|er|\.)?"
_YEAR = r"(?P<year>[12](?<!\w\d)\d{3})"
_WRITTEN = tuple(
    re.compile(rf"{pattern}(?!\w)")
    for pattern in (
        rf"(?<!\w){MONTH}\s{_DAY}(?:,?\s{_YEAR})?",
        rf"{_DAY}[\s-](?:of |de |den )?{MONTH}(?:(?:,?\s|-)(?:de )?{_YEAR}|[-'](?P<short>\d\d))?",
        rf"(?<!\w){MONTH}(?:,?\s|-)(?:of |de )?{_YEAR}",
        rf"{_YEAR}-(?P<month>\d{{2}})-(?P<day>\d{{2}})",
        rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])",
        rf"(?P<day>\d(?<!\w\d)\d?)[./](?P<month>\d{{1,2}})[./](?:{_YEAR}|(?P<short>\d\d))",
    )
)
_EITHER_WAY = _WRITTEN[-1]
_HAN = re.compile(
    r"(?:(?P<year>[12]\d{3})\s?年\s?)?(?P<month>\d{1,2})\s?月(?:\s?(?P<day>\d{1,2})\s?[日号])?"
)
# A month alone is a date behind such words only: "may" and "march" are others, too.
_ALONE = re.compile(
    rf"\b(?:in|of|since|until|during|by|im|seit|bis|en|depuis|desde|hasta) {MONTH}(?! ?\d)"
)
_WITHOUT_WORDS = _WRITTEN[3:]
_LETTERS = re.compile(r"[^\W\d_]+")


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


def dates_and_rest(text: str) -> tuple[list[tuple[Date, ...]], str]:
    """Return the dates of a text, and the text with blanks for them.

    Each date comes as the ways in which it may be read: "3/4/2021" has two.
    """
    found: list[tuple[Date, ...]] = []
    # To look for every month at every place takes long, to look every word up does not.
    has_months = not _MONTHS.keys().isdisjoint(_LETTERS.findall(text))
    patterns = _WRITTEN if has_months else _WITHOUT_WORDS
    patterns += (_HAN,) if "月" in text else ()
    patterns += (_ALONE,) if has_months else ()
    for pattern in patterns:
        for match in list(pattern.finditer(text)):
            date = _date(match)
            either = pattern is _EITHER_WAY and date.day is not None
            found.append((date, Date(date.day or 0, date.month, date.year)) if either else (date,))
            text = text[: match.start()] + " " * len(match.group()) + text[match.end() :]
    return found, text


def _date(match: re.Match[str]) -> Date:
    parts = match.groupdict()
    month, day, year = parts["month"], parts.get("day"), parts.get("year")
    if short := parts.get("short"):
        # As accountants and POSIX read it: 69 to 99 are of the last century.
        year = f"19{short}" if short >= "69" else f"20{short}"
    return Date(
        _MONTHS.get(month) or int(month), int(day) if day else None, int(year) if year else None
    )

"""Which time a document is about: a year, a quarter, a day."""

import re
from collections import Counter

from ingestion.dates import YEAR, Written, dates_in, first_date
from ingestion.front import Front
from ingestion.hints import Hint
from ingestion.kinds import EARNINGS, REPORTS

_I = re.IGNORECASE
_SPAN = re.compile(rf"(?<![\d/.-])({YEAR})\s?[-–—/]\s?({YEAR}|\d\d)(?![\d/.-])")
_YEAR = re.compile(rf"(?<![\d/.,$-])(?:FY\s?)?({YEAR})(?![\d/.,]\d|-\d|\d)")
_FISCAL = re.compile(rf"\b(?:fiscal(?: year)?|financial year|full[- ]year|FY)\s?({YEAR})\b", _I)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_QUARTER = re.compile(
    rf"\bQ(?P<a>[1-4])\s?(?:of\s)?(?:FY|fiscal(?: year)?)?[\s,/-]?(?P<a_year>{YEAR})\b|"
    rf"\b(?P<b>[1-4])Q\s?(?:FY)?[\s-]?(?P<b_year>{YEAR})\b|"
    rf"\b(?P<c>first|second|third|fourth)[- ]quarter,?\s(?:(?:and|&)\s(?:full|fiscal)[- ]year\s)?"
    rf"(?:of\s)?(?:the\s)?(?:fiscal(?:\syear)?\s|FY\s?|full[- ]year\s)?(?P<c_year>{YEAR})\b|"
    rf"\b(?P<d>[1-4])\.\s?quartal\s(?P<d_year>{YEAR})\b|"
    rf"\b(?P<e_year>{YEAR})\s(?:fiscal\s)?(?P<e>first|second|third|fourth)[- ]quarter\b|"
    rf"\bQ(?P<f>[1-4])\s?(?:FY\s?|['’])(?P<f_year>\d\d)\b",
    _I,
)
_ENDED = re.compile(r"\b(?:fiscal |quarterly |annual )?(?:year|period)\s+ended\b:?", _I)
_REPORTED = re.compile(r"\bdate of (?:earliest event reported|report)\b", _I)
_MONTH_OF = re.compile(r"\bfor the month of\b", _I)
_MONTHS_ENDED = re.compile(
    r"\b(?P<count>three|six|nine|3|6|9)\s+months\s+ended\b"
    r"|\b(?P<weeks>thirteen|twenty-six|thirty-nine|13|26|39)\s+weeks\s+ended\b",
    _I,
)
_QUARTER_OF = {
    "three": 1, "3": 1, "thirteen": 1, "13": 1, "six": 2, "6": 2, "twenty-six": 2, "26": 2,
    "nine": 3, "9": 3, "thirty-nine": 3, "39": 3,
}  # fmt: skip
_ANNUAL = ("10-K", "20-F", "40-F", "11-K")
_QUARTERLY = ("10-Q",)
# The year that ends in the first days of a year is mostly called after the one before.
_EARLY = 2


def period_of(front: Front, kind: str | None, title: str | None, hint: Hint) -> str | None:
    """Return the period: "2018", "Q2 2023", "2016-2018" or a day; ``None`` where it is not told."""
    form = (kind or "").removesuffix("/A")
    if form in _ANNUAL:
        found = _fiscal_year(front)
    elif form in _QUARTERLY:
        found = _fiscal_quarter(front)
    elif form == "8-K":
        found = _reported(front) or hint.day
    elif form == "6-K":
        month = _after(front, _MONTH_OF, with_day=False)
        found = month.iso if month else None
    elif kind in REPORTS or kind in {"survey", "plan", "proxy statement", "interim report"}:
        found = _titled([*([title] if title else []), *front.titles()], quarters=kind == EARNINGS)
    else:
        return None
    return _with_hint(found, kind, hint)


def _with_hint(found: str | None, kind: str | None, hint: Hint) -> str | None:
    """Let the file's name tell what the text did not, where it names a kind with a period."""
    if hint.year is None or kind not in {*_ANNUAL, *_QUARTERLY, *REPORTS}:
        return found
    named = f"Q{hint.quarter} {hint.year}" if hint.quarter else str(hint.year)
    is_finer = hint.quarter and kind == EARNINGS and found == str(hint.year)
    return named if found is None or is_finer else found


def _fiscal_year(front: Front) -> str | None:
    ended = _after(front, _ENDED)
    if ended is None:
        return None
    return str(_called(front, ended.year, ended.month))


def _fiscal_quarter(front: Front) -> str | None:
    """Return the quarter: how many months had passed tells which, and when the year ends."""
    ended = _after(front, _ENDED)
    if ended is None:
        return None
    told = Counter(
        _quarter(match)
        for match in _QUARTER.finditer(front.text)
        if abs(int(_quarter(match)[3:]) - ended.year) <= 1
    )
    # "Q3 2022 Form 10-Q" at the foot of each page.
    if told and told.most_common(1)[0][1] >= 3:
        return told.most_common(1)[0][0]
    quarters = {
        _QUARTER_OF[(match["count"] or match["weeks"]).casefold()]
        for match in _MONTHS_ENDED.finditer(front.text)
    }
    if not quarters:
        return None
    quarter = max(quarters)
    months = ended.month + 12 - 3 * quarter
    year, month = ended.year + (months - 1) // 12, (months - 1) % 12 + 1
    return f"Q{quarter} {_called(front, year, month)}"


def _called(front: Front, year: int, month: int) -> int:
    """Return what a company calls the fiscal year that ends then."""
    if month > _EARLY:
        return year
    told = Counter(int(match[1]) for match in _FISCAL.finditer(front.text))
    return year - 1 if told[year - 1] > told[year] else year


def _reported(front: Front) -> str | None:
    found = _after(front, _REPORTED)
    return found.iso if found and found.day else None


def _after(front: Front, words: re.Pattern[str], *, with_day: bool = True) -> Written | None:
    """Return the date that follows these words on the first page."""
    text = " ".join(line.text for line in front.first)
    for match in words.finditer(text):
        found = first_date(text[match.end() : match.end() + 80], with_day=with_day)
        if found:
            return found
    return None


def _titled(titles: list[str], *, quarters: bool) -> str | None:
    """Return the one period that the title names, else the one that a year in it is."""
    for text in titles:
        if quarters and (match := _QUARTER.search(text)):
            return _quarter(match)
        if quarters and (match := _FISCAL.search(text)):
            return match[1]
        if span := _SPAN.search(text):
            first, last = span.groups()
            last = last if len(last) == 4 else first[:2] + last
            if int(first) < int(last) <= int(first) + 30:
                return f"{first}-{last}"
        years = {match[1] for match in _YEAR.finditer(_undated(text))}
        if len(years) == 1:
            return years.pop()
    return None


def _undated(text: str) -> str:
    """Return a text without its dates: the day of a release is not what it is about."""
    for found in reversed(list(dates_in(text))):
        text = text[: found.start] + text[found.end :]
    return text


def _quarter(match: re.Match[str]) -> str:
    groups = match.groupdict()
    key = next(name for name in "abcdef" if groups[name])
    told, year = groups[key].casefold(), groups[f"{key}_year"]
    return f"Q{_ORDINALS.get(told, told)} {year if len(year) == 4 else f'20{year}'}"

"""A number of a spreadsheet as the sheet shows it, where its format is a simple one."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import NamedTuple

from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

_QUOTED = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[\$([^\]-]*)[^\]]*\]|\[[^\]]*\]')
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*)?(?:E[+-][#0?]+)?,*")
# Which part is for which numbers, other than negative ones and zero.
_CONDITION = re.compile(r"\[[<>=]")
# The format of a cell that has none.
GENERAL = "General"
# Stands for what is quoted.
_LITERAL = "\0"
_LARGEST_WHOLE = 1e15
_MOST_DECIMALS = 15


class Format(NamedTuple):
    """What of a format can be followed."""

    before: str
    after: str
    decimals: int
    # Of the whole part: "007".
    least_digits: int
    thousands: bool
    scale: float
    scientific: bool
    # For negative numbers: it has its own way to say so, and shows no sign.
    own_sign: bool
    # Otherwise it is shown in words: a zero as "-".
    has_digits: bool


def shown(value: float, code: str, *, since_1904: bool) -> str:
    """Return a number as it is displayed; days and times as ISO 8601."""
    if _is_moment(code):
        return _moment(value, code, since_1904=since_1904)
    if code == GENERAL:
        return general(value)
    form = _format(code, _section(code, value))
    if form is None:
        return general(value)
    if not form.has_digits:
        return form.before.strip() if value == 0 and form.before else general(value)
    number = abs(value) * form.scale if form.own_sign else value * form.scale
    if form.scientific:
        return f"{form.before}{number:.{form.decimals}E}{form.after}"
    if abs(number) >= _LARGEST_WHOLE:
        return general(value)
    # As spreadsheets round: a half goes up.
    unit = Decimal(1).scaleb(-form.decimals)
    rounded = Decimal(repr(abs(number))).quantize(unit, ROUND_HALF_UP)
    digits = f"{rounded:{',' if form.thousands else ''}f}"
    digits = digits.zfill(form.least_digits + len(digits) - len(digits.partition(".")[0]))
    is_negative = number < 0 and rounded != 0
    return f"{'-' if is_negative else ''}{form.before}{digits}{form.after}"


@cache
def _is_moment(code: str) -> bool:
    return bool(is_date_format(code))


def general(value: float) -> str:
    """Return a number as a cell without a format shows it, about ten digits of it."""
    if value == int(value) and abs(value) < _LARGEST_WHOLE:
        return str(int(value))
    return f"{value:.10g}"


def _moment(value: float, code: str, *, since_1904: bool) -> str:
    epoch = CALENDAR_MAC_1904 if since_1904 else CALENDAR_WINDOWS_1900
    try:
        found = from_excel(value, epoch, timedelta=is_timedelta_format(code))
    except (ValueError, OverflowError):
        return general(value)
    if isinstance(found, datetime):
        is_day = found.time() == time()
        return found.date().isoformat() if is_day else found.isoformat(" ", "seconds")
    if isinstance(found, time):
        return found.replace(microsecond=0).isoformat()
    if isinstance(found, timedelta):
        minutes, seconds = divmod(round(found.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return found.isoformat() if isinstance(found, date) else general(value)


def _section(code: str, value: float) -> int:
    """Return which of the format's parts is for this number: positive, negative, zero."""
    parts = code.count(";") + 1
    if value < 0 and parts > 1:
        return 1
    return 2 if value == 0 and parts > 2 else 0


@cache
def _format(code: str, section: int) -> Format | None:
    """Return what a part of a format says, or nothing where it says nothing that is simple."""
    parts = code.split(";")
    part = parts[min(section, len(parts) - 1)]
    if part.strip() in ("", "@") or "/" in part or _CONDITION.search(code):
        return None
    literals: list[str] = []

    def kept(found: re.Match[str]) -> str:
        literals.append("".join(filter(None, found.groups())))
        return _LITERAL

    # Digits within quotes are no digits of the number.
    pattern = _QUOTED.sub(kept, part)
    if GENERAL.lower() in pattern.lower():
        return None
    words = iter(literals)
    digits = _DIGITS.search(pattern)
    before, form, after = pattern, "", ""
    if digits is not None:
        before, form, after = pattern[: digits.start()], digits.group(), pattern[digits.end() :]
    if not set(form) & set("0#"):
        # No digit is shown: a zero as "-".
        form, after = "", ""
    if set(after) & set("0#?"):
        # The digits are set apart: "000-00-0000".
        return None
    whole, _, rest = form.rstrip(",").partition("E")
    return Format(
        before=_literal(before, words).lstrip(),
        after=_literal(after, words).rstrip(),
        decimals=min(len(whole.partition(".")[2]), _MOST_DECIMALS),
        least_digits=whole.partition(".")[0].count("0"),
        thousands="," in whole,
        scale=100.0 ** pattern.count("%") / 1000.0 ** (len(form) - len(form.rstrip(","))),
        scientific=bool(rest),
        own_sign=section == 1,
        has_digits=bool(form),
    )


def _literal(text: str, words: Iterator[str]) -> str:
    return re.sub(_LITERAL, lambda _: next(words, ""), text)

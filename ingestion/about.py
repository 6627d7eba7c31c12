"""What a document is about: its author, date, company, period and kind, told by no model.

Each is stated by the file or by the first pages in a form that many documents share; where
nothing states it, it stays unknown.
"""

import re
from itertools import pairwise

from data.contents import About, FileFacts
from ingestion.companies import company_of
from ingestion.dates import YEAR, Written, first_date, lone_date
from ingestion.front import Front
from ingestion.hints import hint_of
from ingestion.kinds import OPINION, PAPER, is_form, kind_of
from ingestion.periods import period_of

_LONGEST = 100
_NO_AUTHOR = re.compile(
    r"anonymous|unknown|admin|user|owner|author|none|www\.|https?:|@|\.(?:com|org|net|io)\b"
    r"|microsoft|adobe|acrobat|latex|\btex\b|writer|converter|software|online|\bpdf|edgar|\d",
    re.IGNORECASE,
)
_ARXIV = re.compile(r"arxiv:\s?\d{4}\.\d{4,5}(?:v\d+)?\s*(?:\[[\w.-]+\])?\s*(.{0,20})", re.I)
_DECIDED = re.compile(r"\bdecided:?\s(.{8,30})", re.IGNORECASE)
_PROCEEDINGS = re.compile(r"\b(?:proceedings|conference|workshop|symposium|volume)\b", re.I)
_DATELINE = re.compile(
    r"[A-Z][\w.\s]{1,40},\s(?:[\w.\s]{1,30},\s)?(?P<date>.{8,24}?)\s?[-–—/(]{1,2}.*"
)
_NO_DATE = re.compile(r"\b(?:expir|valid|until|due|deadline|birth|born)", re.IGNORECASE)
_TOP = 30
# A report is made so long before the day that it is for.
_MONTHS_AHEAD = 6
# What programs write where they know no date.
_NO_DATES = ("1900", "1904", "1970", "1980", "2000-01-01")


def about_of(front: Front, facts: FileFacts, filename: str, title: str | None) -> About:
    """Return what the first pages, the file and its name say; ``title`` is a sensible one."""
    hint = hint_of(filename)
    kind = kind_of(front, facts, filename, title) or _hinted_kind(front, hint.kind)
    period = period_of(front, kind, title, hint)
    return About(
        author=_author(front, facts),
        date=_date(front, kind, facts.created) or _day(period),
        company=company_of(front, kind, title, hint),
        period=period,
        kind=kind,
    )


def _hinted_kind(front: Front, kind: str | None) -> str | None:
    """Return a kind that only the file's name tells, unless it is a form that shows itself."""
    if kind is None or (is_form(kind) and not front.says(kind)):
        return None
    return kind


def _author(front: Front, facts: FileFacts) -> str | None:
    """Return a name of at least two words: one word is a login, and a program has others."""
    name = " ".join((facts.author or "").split())
    words = name.split()
    if facts.title and name.casefold() in facts.title.casefold() and not front.knows(facts.title):
        return None
    if not 2 <= len(words) <= 12 or len(name) > _LONGEST or _NO_AUTHOR.search(name):
        return None
    return name if all(word[0].isupper() for word in (words[0], words[-1])) else None


def _date(front: Front, kind: str | None, created: str | None) -> str | None:
    """Return when the document is from; a form's cover tells its period instead."""
    found = _printed(front, kind)
    # What is dated after its file was made is a deadline.
    if found is not None and not _is_after(found, created):
        return found.iso
    is_told = created and re.match(r"\d{4}", created) and not created.startswith(_NO_DATES)
    if is_form(kind) or not created or not is_told:
        return None
    # Old paper is scanned, and old files are made anew: the text knows a year that is near.
    years = {int(year) for year in re.findall(rf"(?<!\d){YEAR}(?!\d)", front.text)}
    made = int(created[:4])
    return created[:10] if not years or years & {made - 1, made} else None


def _is_after(found: Written, created: str | None) -> bool:
    if not created or not re.match(r"\d{4}-\d\d", created):
        return False
    made = 12 * int(created[:4]) + int(created[5:7])
    return 12 * found.year + found.month > made + _MONTHS_AHEAD


def _day(period: str | None) -> str | None:
    return period if period and re.fullmatch(r"\d{4}-\d\d-\d\d", period) else None


def _printed(front: Front, kind: str | None) -> Written | None:
    if match := _ARXIV.search(front.text):
        return first_date(match[1])
    lines = [line.text for line in front.first[:_TOP]]
    for text in lines if kind == OPINION else []:
        if (match := _DECIDED.search(text)) and (found := first_date(match[1])):
            return found
    for before, text in pairwise(["", *lines]):
        if (found := lone_date(text)) and not _NO_DATE.search(before):
            return found
    for index, text in enumerate(lines):
        is_head = any(map(_PROCEEDINGS.search, lines[max(index - 2, 0) : index + 1]))
        if kind == PAPER and is_head and (found := first_date(text)):
            return found._replace(day=0)
        if (match := _DATELINE.fullmatch(text)) and (found := lone_date(match["date"])):
            return found
    return None

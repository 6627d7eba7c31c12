"""Whom a document is about or from: a name that it states as such, in its own spelling."""

import re
from collections import Counter

from ingestion.front import Front
from ingestion.hints import Hint
from ingestion.kinds import EARNINGS, REPORTS, is_form

_MOST_WORDS = 8
_REGISTRANT = re.compile(r"\(?exact name of [\w ]{5,40} as specified in", re.IGNORECASE)
_FILE_NUMBER = re.compile(r"commission file (?:number|no)\b.*\d-\d+", re.IGNORECASE)
_INCORPORATED = re.compile(
    r"\(?(?:state|country|jurisdiction)\b.*\b(?:incorporat|organi[sz])|state of incorporation",
    re.IGNORECASE,
)
_FORMS = (
    "inc|incorporated|corp|corporation|company|co|ltd|limited|plc|llc|llp|lp|l\\.p|ag|se|sa|s\\.a|"
    "nv|n\\.v|bv|gmbh|kgaa|spa|s\\.p\\.a|ab|asa|oyj|a/s|group|holdings?|trust|bancorp"
)
_LEGAL = re.compile(rf"[A-Z\d].*[\s,](?:{_FORMS})\.?", re.IGNORECASE)
_LISTED = re.compile(
    r"(?<!\w)((?:[A-Z\d][\w&.'’-]*,?\s){1,6})\s?"
    r"\((?:NYSE|NASDAQ|Nasdaq|NASDAQ ?GS|ASX|LSE|TSX|AMEX|Euronext|SIX|FWB|XETRA|"
    r"HKEX|TSE)\b[^)]{0,40}:"
)
_ANNOUNCES = re.compile(
    r"(?P<who>[A-Z\d][\w&.,'’\s-]{1,60}?)\s(?:reports?|announces?|posts?|delivers?|releases?)\s",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?P<who>[A-Z\d].{1,60}?)[’']?s?\s+(?:\d{4}\s+)?"
    r"(?:annual|sustainability|esg|impact|interim|quarterly|half[- ]year)\b.*\breport\b",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"(?:the )?(?:company|group|registrant|issuer|our|this|\d[\d\s–-]*)", re.I)
_SMALL = {
    "THE": "The", "OF": "of", "AND": "and", "FOR": "for", "IN": "in", "PLC": "plc", "CO": "Co",
    "INC": "Inc", "LTD": "Ltd",
}  # fmt: skip
_CAPITALS = frozenset("LLC LLP LP AG SE SA NV BV AB ASA USA US UK".split())


def company_of(front: Front, kind: str | None, title: str | None, hint: Hint) -> str | None:
    """Return the company's name; ``None`` where none is stated as one."""
    found: str | None = None
    if is_form(kind):
        found = _registrant(front)
    elif kind == EARNINGS:
        found = _announcing(front, title)
    elif kind in REPORTS:
        found = _reporting(front, title)
    if found is None and (is_form(kind) or kind in REPORTS) and (hint.kind or hint.year):
        found = _hinted(front, hint)
    return _spelled(front, found) if found else None


def _registrant(front: Front) -> str | None:
    lines = [line.text for line in front.first]
    for index, text in enumerate(lines):
        if _REGISTRANT.match(text):
            return next((line for line in reversed(lines[:index]) if _is_name(line)), None)
    for index, text in enumerate(lines[:-2]):
        if _FILE_NUMBER.fullmatch(text) and _INCORPORATED.match(lines[index + 2]):
            return lines[index + 1] if _is_name(lines[index + 1]) else None
    return None


def _announcing(front: Front, title: str | None) -> str | None:
    listed = _listed(front)
    if listed:
        return listed
    for text in [*([title] if title else []), *front.titles()]:
        match = _ANNOUNCES.match(text)
        if match and _is_name(match["who"]):
            return match["who"]
    return None


def _reporting(front: Front, title: str | None) -> str | None:
    for text in [*([title] if title else []), *front.titles()]:
        match = _BEFORE.match(text)
        if match and _is_name(match["who"]) and front.says(match["who"]):
            return match["who"]
    named = [line.text for line in front.first if _is_name(line.text)]
    return next((text for text in named if _LEGAL.fullmatch(text)), None)


def _listed(front: Front) -> str | None:
    match = _LISTED.search(front.text[:8000])
    if not match:
        return None
    name = match[1].strip()
    # What stands before a dash or a place is not the name.
    return name if _is_name(name) else None


def _hinted(front: Front, hint: Hint) -> str | None:
    """Return the name that the text spells like a word of the file's name: "UltaBeauty"."""
    for word in hint.words[:2]:
        if len(word) < 3 or not word[0].isalpha():
            continue
        letters = r"[\s.&'’-]{0,2}".join(map(re.escape, word))
        found = re.finditer(rf"(?<!\w){letters}(?!\w)", front.text, re.IGNORECASE)
        spelled = Counter(match.group() for match in found)
        names = [name for name in spelled if name[0].isupper()]
        if sum(spelled[name] for name in names) >= 2:
            return max(names, key=lambda name: (not name.isupper(), spelled[name], name))
    return None


def _is_name(text: str) -> bool:
    text = text.strip(" .,:;")
    return (
        sum(map(str.isalpha, text)) >= 2
        and len(text.split()) <= _MOST_WORDS
        and (text[0].isupper() or text[0].isdigit())
        and not _NO_NAME.fullmatch(text)
        and not re.search(r"[()_@☐☒]|\d{3}", text)
    )


def _spelled(front: Front, name: str) -> str:
    """Return a name that is set in capitals as the text spells it elsewhere."""
    name = " ".join(name.split()).strip(" ,;:*")
    if not name.isupper():
        return name
    pattern = r"\s+".join(map(re.escape, name.split()))
    for found in re.findall(rf"(?<!\w){pattern}(?!\w)", front.text, re.IGNORECASE):
        if not found.isupper() and found[0].isupper():
            return " ".join(str(found).split())
    return " ".join(map(_capitalised, name.split()))


def _capitalised(word: str) -> str:
    bare = word.strip(".,")
    if bare in _CAPITALS or any(map(str.isdigit, bare)) or "." in bare or "&" in bare:
        return word
    return word.replace(bare, _SMALL.get(bare, bare.capitalize()))

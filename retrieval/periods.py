"""Quarters, halves and fiscal years of a normalised text, each in one form: "q3 2021"."""

import re

_ORDINALS = {
    word: place
    for place, words in {
        1: "first 1st erste ersten erstes premier primer",
        2: "second 2nd zweite zweiten zweites deuxième segundo",
        3: "third 3rd dritte dritten drittes troisième tercer",
        4: "fourth 4th vierte vierten viertes quatrième cuarto",
    }.items()
    for word in words.split()
}
_WORDED = re.compile(
    rf"\b({'|'.join(_ORDINALS)})[ -](?:fiscal |calendar )?"
    r"(?:(?P<quarter>quarters?|quartals?|trimestre)|half(?:-year)?|halbjahrs?|semestre)\b"
)
_NUMBERED = re.compile(r"\b([1-4])\. (?:(?P<quarter>quartals?)|halbjahrs?)\b")
# What one of these needs; to look for that is quicker than to look for them.
_WORDS = ("quart", "trimestre", "half", "halbjahr", "semestre")
_LETTERED = re.compile(r"[1-4](?:[qh]|(?<=[qh][1-4]))")
# "3q21", "q3'21", "q321", "1h 2021".
_SHORT = re.compile(
    r"\b(?:(?P<letter>[qh])(?P<place>[1-4])|(?P<first>[1-4])(?P<last>[qh]))"
    r"(?:(?:[ '-]?fy ?'?|['-])?(?P<year>\d{4}|\d{2})\b|(?=[ '-]?fy|\b))"
)
_HAN = re.compile(r"第([一二三四1-4])季度")
_FISCAL = re.compile(r"\bfy[ '-]*(\d{4}|\d{2})\b")
# "2019-21", "2019/20".
_YEARS = re.compile(r"((?:19|20)(\d\d))(?<!\w\d{4}) ?[-/] ?(\d\d)(?![\d/-])")


def with_periods(text: str) -> str:
    """Return the text with its quarters, halves and fiscal years in one form."""
    if any(word in text for word in _WORDS):
        text = _NUMBERED.sub(_worded, _WORDED.sub(_worded, text))
    text = _HAN.sub(lambda found: f" q{'一二三四'.find(found[1]) + 1 or found[1]} ", text)
    if _LETTERED.search(text):
        text = _SHORT.sub(_short, text)
    if "fy" in text:
        text = _FISCAL.sub(lambda found: _full(found[1]), text)
    return _YEARS.sub(_years, text)


def _worded(match: re.Match[str]) -> str:
    place = _ORDINALS.get(match[1], match[1])
    return f"{'q' if match['quarter'] else 'h'}{place}"


def _short(match: re.Match[str]) -> str:
    form = f"{match['letter'] or match['last']}{match['place'] or match['first']}"
    return f"{form} {_full(match['year'])}" if match["year"] else form


def _years(match: re.Match[str]) -> str:
    first, end, last = match.groups()
    return f"{first}-{first[:2]}{last}" if last > end else match.group()


def _full(year: str) -> str:
    return year if len(year) == 4 else f"20{year}"

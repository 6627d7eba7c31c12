"""The title of a document: short, and unlike those of its neighbours."""

import re
from pathlib import PurePath

from data.contents import About, FileFacts
from ingestion.dates import YEAR
from ingestion.front import Front, FrontLine
from ingestion.kinds import FORM_NAMES, OPINION, REPORTS, is_form

_LONGEST = 200
_MOST_WORDS = 12
_FEWEST_WORDS = 3
# Against the size of most characters of the first page.
_LARGER = 1.2
_TITLE_LINES = 3
_I = re.IGNORECASE
_PROGRAM = re.compile(r"^(?:Microsoft (?:Word|PowerPoint|Excel)|Adobe \w+)\s*-\s*", _I)
_NO_TITLE = re.compile(
    r"untitled.*|document\d*|(?:powerpoint )?presentation\d*|slide \d+|title|\(?anonymous\)?|"
    r"adobe photoshop pdf|scan.*|print|[\W\d_]*|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|txt|"
    r"rtf|odt|ai|png|jpe?g|tiff?|html?)",
    _I,
)
# The largest words of many a form, and the title of none; and stamps on the margin.
_NOT_SHOWN = re.compile(
    r"(?:united states )?securities and exchange commission.*|united states|arxiv:\s?\d.*|"
    r"downloaded from.*|(?:table of )?contents|abstract|confidential|draft",
    _I,
)
# Many documents have this title, and it tells none of them apart.
_GENERIC = re.compile(
    rf"(?:the )?(?:form )?(?:{FORM_NAMES})|(?:the )?(?:(?:annual|quarterly|current|interim|"
    rf"sustainability|esg|final|progress|technical|half[- ]year(?:ly)?|press|news|earnings)\s)?"
    rf"(?:report|release|document|update|presentation)s?(?:\s(?:{YEAR}))?|exhibit [\d.]+|cover|"
    rf"geschäftsbericht(?:\s{YEAR})?|rapport annuel(?:\s{YEAR})?|informe anual(?:\s{YEAR})?",
    _I,
)
# The name of a file or of a filing's part: taken where nothing better is stated.
_LAST = re.compile(r"^\S*[_-]\S*$|\bexhibit \d+\.\d", _I)
_CITED = re.compile(
    r"(?:recommended|suggested|preferred) citation:?\s.{0,120}?[“\"]([^”\"]{8,150})[”\"]", _I
)
# What a party is in the case says nothing about who it is.
_ROLE = re.compile(
    r",?\s*(?:petitioners?|plaintiffs?|appell(?:ant|ee)s?|respondents?|defendants?)\b.*", _I
)
_VERSUS = re.compile(r"\s(?:v|vs)\.(?:\s|$)|^(?:v|vs)\.?$", _I)


def own_title(front: Front, facts: FileFacts) -> str | None:
    """Return the best title that the file or its first pages state."""
    own = _sensible(facts.title)
    own = own if own and front.knows(own) else None
    found = [None if own and _LAST.search(own) else own, _cited(front), _largest(front), own]
    stated = [_spaced(title) for title in found if title]
    told = [title for title in stated if not _GENERIC.fullmatch(title)]
    return next(iter(told or stated), None)


def title_of(stated: str | None, about: About, front: Front, filename: str) -> str:
    """Return the title by which people and searches tell this document from others."""
    composed = " ".join(filter(None, (about.company, about.kind, about.period)))
    if is_form(about.kind) and about.company:
        title = composed
    elif about.kind == OPINION and (parties := _parties(front)):
        title = parties
    elif stated:
        title = _completed(_shortened(stated), about)
    elif about.company and about.kind:
        title = composed
    else:
        title = _spaced(PurePath(filename).stem) or filename
    return title[:_LONGEST].strip()


def _sensible(title: str | None) -> str | None:
    """Return the title that a file gives itself, unless a program made it up."""
    title = _PROGRAM.sub("", " ".join((title or "").split()))
    letters, digits = sum(map(str.isalpha, title)), sum(map(str.isdigit, title))
    return None if letters < max(3, digits) or _NO_TITLE.fullmatch(title) else title


def _cited(front: Front) -> str | None:
    match = _CITED.search(front.text)
    return match[1].strip() if match else None


def _largest(front: Front) -> str | None:
    """Return the first lines in the first page's largest font, if it is larger than the rest."""
    lines = [line for line in front.first if not line.is_cell]
    sizes = sorted((line.size, len(line.text)) for line in lines if _may_be_title(line))
    if not sizes:
        return None
    half, middle = sum(length for _, length in sizes) / 2, 0.0
    for size, length in sizes:
        middle, half = size, half - length
        if half <= 0:
            break
    size = sizes[-1][0]
    if size < _LARGER * middle:
        return None
    first = next(at for at, line in enumerate(lines) if line.size == size and _may_be_title(line))
    end = first
    # A part's number may stand alone: "MCS-51".
    while first > 0 and lines[first - 1].size == size:
        first -= 1
    while end < len(lines) and end - first < _TITLE_LINES and lines[end].size == size:
        end += 1
    return " ".join(line.text for line in lines[first:end])


def _may_be_title(line: FrontLine) -> bool:
    letters, digits = sum(map(str.isalpha, line.text)), sum(map(str.isdigit, line.text))
    return letters >= 3 and digits * 3 <= letters and not _NOT_SHOWN.fullmatch(line.text)


def _parties(front: Front) -> str | None:
    """Return "Roe v. Wade" from the head of an opinion."""
    lines = [line.text for line in front.first[:40]]
    for index, text in enumerate(lines):
        if not _VERSUS.search(text):
            continue
        around = (lines[index - 1 : index], [text], lines[index + 1 : index + 3])
        if re.fullmatch(r"(?:v|vs)\.?", text, _I):
            left, right = " ".join(around[0]), _until_stop(around[2])
        else:
            left, _, right = re.sub(r"\s(?:vs?)\.(?:\s|$)", "\n", text, count=1).partition("\n")
            right = right or _until_stop(around[2])
        left = re.sub(r"^(?:re|in re|in the matter of|case|cause)\b:?\s*", "", left, flags=_I)
        left, right = (_ROLE.sub("", side).strip(" ,;:") for side in (left, right))
        right = right.removesuffix(".")
        if all(re.search(r"[^\W\d_]{2}", side) and len(side) <= 90 for side in (left, right)):
            return f"{left} v. {right}"
    return None


def _until_stop(lines: list[str]) -> str:
    """Return a name that goes on over a line; a full stop or comma ends it."""
    name = lines[0] if lines else ""
    return name if len(lines) < 2 or name.endswith((".", ",", ";")) else f"{name} {lines[1]}"


def _shortened(title: str) -> str:
    """Return a long title without its subtitle."""
    if len(title.split()) <= _MOST_WORDS:
        return title
    heads = [title[: match.start()] for match in re.finditer(r":\s|\s[-–—|]\s", title)]
    fitting = [head for head in heads if _FEWEST_WORDS <= len(head.split()) <= _MOST_WORDS]
    return fitting[-1] if fitting else title


def _completed(title: str, about: About) -> str:
    """Add the company and the period to a title that lacks them."""
    known = title.casefold()
    if about.company and about.kind in REPORTS:
        words = re.findall(r"[^\W_]{3,}", about.company.casefold())
        if not any(word in known for word in words):
            title = f"{about.company} {title}"
    if about.period and not all(year in known for year in re.findall(YEAR, about.period)):
        title = f"{title} {about.period}"
    return title


def _spaced(name: str) -> str:
    """Return words that underscores joined as words."""
    return " ".join(name.replace("_", " ").split())

"""What kind of document it is, told by what filings, papers and reports have in common."""

import re
from pathlib import PurePath

from data.contents import FileFacts
from ingestion.front import Front

EARNINGS = "earnings release"
PAPER = "paper"
OPINION = "court opinion"
REPORTS = frozenset({"annual report", "sustainability report", "interim report", EARNINGS})

_I = re.IGNORECASE
FORM_NAMES = r"10-?K|10-?Q|8-?K|20-?F|40-?F|6-?K|11-?K|S-?[134]|F-?[14]|DEF\s?14A"
_FORM = re.compile(rf"form\s+({FORM_NAMES})(\s?[/-]A)?", _I)
_COMMISSION = "securities and exchange commission"
# The kind, and the words of a title that say so; the first that matches counts.
_TITLED = tuple(
    (kind, re.compile(words, _I))
    for kind, words in (
        ("earnings call", r"\bearnings (?:conference )?call\b"),
        (EARNINGS, r"\bearnings (?:release|report)\b"
                   r"|\b(?:reports?|announces?|posts?|delivers?|releases?)\b.{0,80}"
                   r"\b(?:quarter|fiscal|(?:full|half)[- ]year|q[1-4])\b.{0,60}"
                   r"\b(?:results|earnings)\b"),
        ("annual report", r"\bannual report\b|\bgeschäftsbericht\b|\bjahresbericht\b"
                          r"|\brapport annuel\b|\b(?:informe|memoria) anual\b"),
        ("sustainability report", r"\b(?:sustainability|esg|corporate (?:social )?responsibility|"
                                  r"environmental|impact) report\b|\bnachhaltigkeitsbericht\b"),
        ("interim report", r"\b(?:interim|half[- ]year(?:ly)?|quarterly) (?:financial )?report\b"
                           r"|\bhalbjahres(?:finanz)?bericht\b|\bquartalsbericht\b"),
        ("proxy statement", r"\bproxy statement\b"),
        ("prospectus", r"^(?:preliminary |base )?prospectus(?: supplement)?$"),
        ("datasheet", r"\bdata ?sheet\b|\bdatenblatt\b"),
        ("manual", r"\b(?:user|owner|operat(?:or|ing|ions?)|instruction|installation|service|"
                   r"reference|maintenance)(?:['’]?s)? (?:manual|guide|handbook)\b"
                   r"|\b(?:bedienungs|betriebs|gebrauchs)an(?:leitung|weisung)\b"
                   r"|\bmode d['’]emploi\b|\bmanual (?:de usuario|del usuario)\b"),
        ("plan", r"\b(?:strategic|action|business|implementation|master|work|development|"
                 r"management|improvement) plan\b|^plan\b"),
        ("survey", r"\bsurvey(?: report| results)?\b"),
        ("press release", r"\b(?:press|news) release\b|\bpressemitteilung\b"
                          r"|\bcommuniqué de presse\b|\bnota de prensa\b"),
        ("thesis", r"\b(?:(?:doctoral|phd|ph\.d\.|master['’]?s?|bachelor['’]?s?) thesis"
                   r"|dissertation)\b"),
        ("white paper", r"\bwhite ?paper\b"),
        ("working paper", r"\bworking paper\b"),
        ("policy brief", r"\bpolicy brief\b"),
        ("technical report", r"\btechnical report\b"),
        ("fact sheet", r"\bfact ?sheet\b"),
        ("case study", r"\bcase study\b"),
        ("minutes", r"\b(?:meeting minutes|minutes of)\b"),
        ("agreement", r"\b(?:purchase|license|credit|employment|lease|services?|merger|"
                      r"confidentiality|non-disclosure) agreement\b"),
        ("terms", r"\bterms (?:and conditions|of (?:service|use))\b"),
        ("policy", r"\bprivacy (?:policy|notice)\b"),
        ("newsletter", r"\bnewsletter\b"),
    )
)  # fmt: skip
_BY_ENDING = {
    ".pptx": "slides", ".ppt": "slides", ".xlsx": "spreadsheet", ".csv": "table", ".epub": "book",
}  # fmt: skip
_ABSTRACT = re.compile(r"abstract(?:[\s.:—–-].*)?|(?:zusammenfassung|résumé|resumen)[.:]?", _I)
_SCHOLARLY = re.compile(
    r"\barxiv:\s?\d|\bdoi\b|\bproceedings of\b|\bissn\b|\bpreprint\b|\bkeywords\b"
    r"|\bindex terms\b|\bet al\.|\buniversit(?:y|ät|é|ies|é)\b|\buniversidad\b",
    _I,
)
_COURT = re.compile(r"\b(?:court|tribunal)\b", _I)
_VERSUS = re.compile(r"(?:^|\s)(?:v|vs)\.(?:\s|$)|^v$", _I)
_JUDGED = re.compile(
    r"\b(?:judge|justice|j\.\)|opinion|decided|argued|appeal(?:s|ed|lant|lee)?|plaintiffs?"
    r"|defendants?|petitioners?|respondents?)\b",
    _I,
)
_DATASHEET = re.compile(
    r"\babsolute maximum ratings\b|\bpin (?:descriptions?|configurations?|assignments?)\b"
    r"|\bordering information\b|\belectrical characteristics\b|\bblock diagram\b",
    _I,
)
_DEAR = re.compile(r"(?:dear|sehr geehrte\w*|madame|monsieur|estimad[oa]s?)\b.{0,60}[,:]", _I)
_LETTER_PAGES = 6


def kind_of(front: Front, facts: FileFacts, filename: str, title: str | None) -> str | None:
    """Return the kind in its field's own words; ``None`` where nothing says so plainly."""
    return (
        _form(front)
        or _learned(front)
        or next((kind for text in _titles(front, title) if (kind := titled(text))), None)
        or _datasheet(front)
        or _letter(front, facts)
        or _BY_ENDING.get(PurePath(filename).suffix.lower())
    )


def titled(text: str) -> str | None:
    """Return the kind that a title names."""
    return next((kind for kind, words in _TITLED if words.search(text)), None)


def is_form(kind: str | None) -> bool:
    """Tell whether a kind is a form of a regulator, whose cover says everything."""
    return bool(kind and re.fullmatch(rf"(?:{FORM_NAMES})(?:/A)?", kind, _I))


def form_name(written: str) -> str:
    """Return a form's name as the regulator writes it: ``10k`` is 10-K."""
    name = " ".join(written.upper().split())
    return re.sub(r"^(\d+|[SF])-?([A-Z]|\d)$", r"\1-\2", name)


def _titles(front: Front, title: str | None) -> list[str]:
    return [*([title] if title else []), *front.titles()]


def _form(front: Front) -> str | None:
    if _COMMISSION not in front.text[:6000].casefold():
        return None
    for line in front.first:
        if match := _FORM.fullmatch(line.text.strip(" .*")):
            return form_name(match[1]) + ("/A" if match[2] else "")
    return None


def _learned(front: Front) -> str | None:
    """Return whether this is a paper or an opinion of a court."""
    lines = [line.text for line in front.first]
    if any(map(_ABSTRACT.fullmatch, lines)) and _SCHOLARLY.search(front.text):
        return PAPER
    top = lines[:40]
    signs = (_COURT, _VERSUS, _JUDGED)
    return OPINION if all(any(map(sign.search, top)) for sign in signs) else None


def _datasheet(front: Front) -> str | None:
    found = {match.group().casefold() for match in _DATASHEET.finditer(front.text)}
    return "datasheet" if len(found) >= 3 else None


def _letter(front: Front, facts: FileFacts) -> str | None:
    if facts.pages > _LETTER_PAGES:
        return None
    return "letter" if any(_DEAR.fullmatch(line.text) for line in front.first[:30]) else None

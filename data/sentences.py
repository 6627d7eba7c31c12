"""Sentences of a text: prose by its full stops, lists and tables line by line."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

# What sets the cells of a table's row apart.
CELL = " | "

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_LINE = re.compile(r"[^\n]+")
# A full stop, what closes behind it, and white space; Chinese and Japanese ones need no space.
# Begins with all the marks there are, which is what makes looking for one fast.
# Possessive, and only from the first dot on: a long dotted line must not be read again and again.
# No group is: before Python 3.11.5, possessive groups lose matches (cpython issue 106052).
# A reference may stand behind it: "to this day.[3] Then", "was its clerk.64 Two years later".
_END = re.compile(
    r"[.!?…。！？｡](?:"
    r"(?<=[.!?…])(?<![.!?…]{2})[.!?…]*+[\"'”’»)\]]*+(?:\[[^\[\]\n]{1,24}\])*"
    r"(?:(?<=[^\W\d_]{2}[.!?\]])\d{1,3}|(?<=[.!?][\"”’»)\]])\d{1,3})?(?=\s)"
    r"|(?<=[。！？｡])[。！？｡]*[」』”’）】]*(?:\[[^\[\]\n]{1,24}\])*)"
)
_LIST_MARK = re.compile(
    r"[ \t]*(?:[•◦▪■●○‣⁃∙·*–—\-➢✓]\s+\S|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s+\S)"
)
_FIGURE = re.compile(r"[(\[$€£¥]*[-–—+]?\d[\d.,/:%-]*[)\]%*]*|[$€£¥%—–|\-]+|n/?a|nm", re.IGNORECASE)
# What may also be someone's first name: "Richard / A. Johnson".
_INITIAL = re.compile(r"[ \t]*[A-Z]\.\s+[A-Z]")
_NAME = re.compile(r"(?:^|\s)[A-Z][\w'’-]+$")
# "Item 1. Business", "Figure 3. What it shows": the number belongs to what follows it.
_LABEL = re.compile(
    r"(?:item|section|figure|table|note|article|part|chapter|exhibit|schedule|appendix|step|unit"
    r"|rule|form|lesson|question|abschnitt|abbildung|tabelle|kapitel|sección|figura|tabla"
    r"|capítulo)\s",
    re.IGNORECASE,
)
# A line that ends like this goes on, however it is set.
_GOES_ON = re.compile(
    r"(?:[,;&(–—-]|\b(?:and|or|of|the|a|an|for|to|in|on|by|with|und|y|de))$", re.I
)
_LONGEST_JOINT = len("with")
# German ordinals: "am 8. Februar", "im 20. Jahrhundert".
_ORDINAL = re.compile(r"\b(?:am|im|dem|den|der|des|vom|zum|seit|bis)\s+$", re.IGNORECASE)
_COUNTED = re.compile(r"(?:Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert|Jh)")
_WORD_BEFORE = re.compile(r"[^\s(\[\"“‘'—–]+$")
_STARTS_SENTENCE = re.compile(r"[\"'“‘«(\[]*(?:[^\W\d_a-z]|\d|[•\-–—])")


# The next word after an abbreviation that may end a sentence too, if it begins a new one.
_OPENERS = frozenset(
    """
    a after all although an and as at before both but by during each for from he her his how
    however i if in it its many no on one our she since some such that the their there these
    they this those to under we what when where while with you
    """.split()
)
# These stand before something and so never end a sentence.
_LEADING = frozenset(
    """
    mr mrs ms dr prof st rev hon gen col capt lt sgt sen rep gov messrs vs v cf e.g i.e viz
    approx ca fig figs eq eqs sec secs sect ch chap art no nos nr vol vols p pp para bzw z.b d.h
    ref refs tab app mt ft orig vgl abs u.a hr fr sra dra núm pág ee
    """.split()
)
# These may stand at the end of a sentence, or not.
_EITHER = frozenset(
    """
    inc ltd co corp plc llc l.l.c jr sr etc al bros dept est ed eds jan feb mar apr jun jul aug
    sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m ph.d m.d b.a m.a n.a s.a u.s u.k
    uu mio mrd usw ggf u.n e.u d.c u.s.a s.p.a n.v b.v a.g incl excl max min ave blvd
    mio mrd tsd
    """.split()
)
# Words of their own when they begin small: "The cat sat."
_NAMES = frozenset("mar sat sun wed gen".split())
# "No. 5" goes on, "No. That is wrong." does not.
_BEFORE_NUMBERS = frozenset("no nos nr art app sec p c ref tab mt ft".split())
_ROW_SHARE = 0.5
_LONGEST_FIGURE = 32
_SHORT_LINE = 0.6
# Shorter are "of", "the", "from", which titles have without a capital.
_LONG_WORD = re.compile(r"([^\W\d_])[^\W\d_]{4,}")
# A row that is longer has whole texts in its cells.
_LONGEST_ROW = 500


def sentences_of(text: str) -> list[Span]:
    """Return the sentences as ranges of the text: in order, trimmed, covering all but white space.

    Prose runs on over line ends; a line of a list or a table is a sentence of its own, and none
    crosses an empty line.
    """
    return [span for block in _blocks(text) for span in _split(text, *block)]


def _blocks(text: str) -> Iterator[Span]:
    """Yield the stretches in which a sentence may run on from line to line."""
    start = 0
    for border in _PARAGRAPH.finditer(text):
        yield from _runs(text, start, border.start())
        start = border.end()
    yield from _runs(text, start, len(text))


def _runs(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the rows, the points of lists and the runs of prose lines of one paragraph."""
    lines = [line.span() for line in _LINE.finditer(text, start, end)]
    width = max((last - first for first, last in lines), default=0)
    run: Span | None = None
    before, was_row = "", False
    for first, last in lines:
        line = text[first:last]
        row = is_row(line)
        beside_row = row or was_row
        if run is not None and not _continues(before, line, width, beside_row=beside_row):
            yield run
            run = None
        run = (run[0] if run else first, last)
        before, was_row = line, row
    if run is not None:
        yield run


def _continues(before: str, line: str, width: int, *, beside_row: bool) -> bool:
    """Tell whether a line goes on with the sentence of the line before it."""
    if _LIST_MARK.match(line):
        return bool(_INITIAL.match(line) and _NAME.search(before) and not _is_short(before, width))
    if beside_row:
        return False
    if not _STARTS_SENTENCE.match(line.lstrip()) or _goes_on(before.rstrip()):
        return True
    # A line that stops early before a capital is a heading, a cell or a line of an address.
    return not (_is_short(before, width) or _is_title(before))


def _goes_on(line: str) -> bool:
    return bool(_GOES_ON.search(line, max(0, len(line) - _LONGEST_JOINT)))


def _is_short(line: str, width: int) -> bool:
    return len(line) < _SHORT_LINE * width


def _is_title(line: str) -> bool:
    """Tell whether a line is set like a title: its words of some length have capitals."""
    words = 0
    for word in _LONG_WORD.finditer(line):
        if not word[1].isupper():
            return False
        words += 1
    return words > 1


def is_row(line: str) -> bool:
    """Tell whether a line is a row of a table: it has cells, or half of its words are figures."""
    if CELL in line:
        return True
    words = line.split()
    least = max(2, _ROW_SHARE * len(words))
    # Most words are seen to be none by their first letter ("n/a" begins with one).
    likely = [word for word in words if not word[0].isalpha() or word[0] in "nN"]
    if len(likely) < least:
        return False
    figures = [word for word in likely if len(word) <= _LONGEST_FIGURE and _FIGURE.fullmatch(word)]
    return len(figures) >= least


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the sentences of one run of lines."""
    if end - start <= _LONGEST_ROW and is_row(text[start:end]):
        yield from _trimmed(text, start, end)
        return
    first = start
    for stop in _END.finditer(text, start, end):
        if _is_end(text, first, stop, end):
            yield from _trimmed(text, first, stop.end())
            first = stop.end()
    yield from _trimmed(text, first, end)


def _is_end(text: str, first: int, stop: re.Match[str], end: int) -> bool:
    """Tell whether a sentence ends at this full stop."""
    mark = stop.group()
    if mark[0] in "。！？｡":
        return True
    after = text[stop.end() : min(end, stop.end() + 40)].lstrip()
    if not after or not _STARTS_SENTENCE.match(after):
        return False
    if not mark.startswith(".") or mark.startswith(".."):
        return True
    return not _is_abbreviation(text, first, stop.start(), after)


def _is_abbreviation(text: str, first: int, dot: int, after: str) -> bool:
    """Tell whether the full stop at ``dot`` belongs to a shortened word or a number of a list."""
    found = _WORD_BEFORE.search(text, max(first, dot - 24), dot)
    if found is None:
        return False
    word = found.group().lower()
    if word.isdigit():
        before = text[max(first, found.start() - _LONGEST_FIGURE) : found.start()]
        # "3. Costs", "Note 3. Costs" at the start of a sentence; "in 2020. Costs" is an end.
        label = before.lstrip() if found.start() - first <= _LONGEST_FIGURE else None
        if label == "" or (label and _LABEL.fullmatch(label)):
            return True
        ordinal = _COUNTED.match(after) or _ORDINAL.search(before)
        return len(word) < 3 and bool(ordinal)
    if word in _NAMES and found.group().islower():
        return False
    if word in _BEFORE_NUMBERS and not _is_initials(found.group()):
        return after[0].isdigit()
    if word in _LEADING and found.group() != "V":
        return True
    if word in _EITHER or _is_initials(found.group()):
        opener = re.match(r"\W*(\w+)", after)
        return opener is None or opener.group(1).lower() not in _OPENERS
    return False


def _is_initials(word: str) -> bool:
    """Tell whether a word is "J", "J.R" or "U.S": single letters between full stops."""
    return all(len(part) == 1 and part.isalpha() for part in word.split(".")) and word[0].isupper()


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the range without the white space around it, unless nothing else is there."""
    body = text[start:end]
    left = start + len(body) - len(body.lstrip())
    right = left + len(body.strip())
    if right > left:
        yield left, right

"""What a sentence states that can be looked up: its numbers, dates, names and quoted words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from retrieval.dates import MONTH, Date, dates_and_rest
from retrieval.figures import Context, Figures
from retrieval.numbers import Number, numbers_of
from retrieval.numerals import with_digits
from retrieval.periods import with_periods
from retrieval.quotations import Wording, quotations_of
from retrieval.spelling import UNSPACED, normalised
from retrieval.units import with_short_units

# "A320neo", "ISO-9001", "v2.3", "q3", "10.0.0.1": names, of which all characters count.
_NAME = re.compile(
    rf"(?<![^\W{UNSPACED}])(?:[^\W\d_{UNSPACED}]++(?P<hyphen>-)?\d{{1,30}}[^\W{UNSPACED}]*(?:[.-]\d+)*"
    r"|\d{1,9}(?:\.\d{1,9}){2,})(?!\w)"
)
# What each name has; to look for that is quicker than to look for names.
_GLUED_DIGIT = re.compile(
    rf"\d(?:(?<=[^\W\d_{UNSPACED}]\d)|(?<=[^\W\d_{UNSPACED}]-\d)|\d{{0,8}}\.\d{{1,9}}\.\d)"
)
_SPACED_NAME = re.compile(r"(?<!\w)([^\W\d_]++)[ -](\d{1,30}\w*)(?!\w)")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_YEAR_AT_END = re.compile(r"-(?:19|20)\d\d$")
# What runs on longer is no sentence, and slow to look into.
_LONGEST_SENTENCE = 5_000
# "3. ", "- ", "## ", "| ": what stands before a line and is no part of what it says.
_LINE_MARK = re.compile(
    rf"\s*(?:[-–*•#>|]+\s+)*(?:\*{{0,2}}\(?\d{{1,2}}[.)]\*{{0,2}}\s+(?!(?i:{MONTH})))?"
)


class Facts:
    """What a source says that can be looked up."""

    def __init__(self, text: str) -> None:
        self._given = text

    @cached_property
    def _text(self) -> str:
        return normalised(self._given)

    @cached_property
    def _plain(self) -> str:
        return _plain(self._text)

    @cached_property
    def _dates_and_rest(self) -> tuple[list[Date], str]:
        dates, rest = dates_and_rest(self._plain)
        return [date for readings in dates for date in readings], rest

    @cached_property
    def _figures(self) -> Figures:
        dates, text = self._dates_and_rest
        years = {date.year for date in dates if date.year is not None}
        # The 19 of "COVID-19" is no number of anything.
        for found in _names_of(text):
            text = text[: found.start()] + " " * len(found.group()) + text[found.end() :]
        return Figures(with_digits(text), years)

    @cached_property
    def _names(self) -> set[str]:
        return {found.group().replace("-", "") for found in _likely_names(self._plain)}

    @cached_property
    def _spaced_names(self) -> set[str]:
        return {f"{word}{end}" for word, end in _SPACED_NAME.findall(self._plain)}

    @cached_property
    def _wording(self) -> Wording:
        return Wording(self._text)

    def have_number(self, readings: Iterable[Number], context: Context) -> bool:
        """Whether one of the readings of a number occurs."""
        return self._figures.hold(readings, context)

    def have_date(self, readings: Iterable[Date]) -> bool:
        """Whether one of the readings of a date occurs; its year may stand elsewhere."""
        return any(
            date.agrees_with(one)
            and (date.year in (None, one.year) or (date.year or 0) in self._figures)
            for date in readings
            for one in self._dates_and_rest[0]
        )

    def have_name(self, name: str) -> bool:
        """Whether a name with digits occurs; a hyphen or a space in it may be missing."""
        return name in self._names or name in self._spaced_names

    def have_joined_name(self, name: str) -> bool:
        """Whether a name with digits occurs as one word."""
        return name in self._names

    def have_words(self, quoted: str) -> bool:
        """Whether quoted words occur."""
        return self._wording.holds(quoted)


def are_held(sentence: str, sources: Sequence[Facts]) -> bool:
    """Whether every number, date and quoted span of a sentence occurs in one of the sources."""
    if len(sentence) > _LONGEST_SENTENCE:
        return False
    text = normalised(without_line_mark(sentence))
    plain = _plain(text)
    dates, rest = dates_and_rest(plain)
    names = [found.group().replace("-", "") for found in _names_of(rest)]
    digits = with_digits(_without_spaced_names(rest, sources))
    context = Context(digits)
    return (
        all(any(one.have_words(quoted) for one in sources) for quoted in quotations_of(text))
        and all(any(one.have_date(readings) for one in sources) for readings in dates)
        and all(
            any(one.have_number(number, context) for one in sources)
            for number in numbers_of(digits)
        )
        and all(any(one.have_name(name) for one in sources) for name in names)
    )


def without_line_mark(text: str) -> str:
    """Return a line of an answer without what marks it as a point, a heading or a row."""
    return _LINE_MARK.sub("", text, count=1)


def _plain(text: str) -> str:
    return with_short_units(with_periods(text))


def _likely_names(text: str) -> Iterator[re.Match[str]]:
    return _NAME.finditer(text) if _GLUED_DIGIT.search(text) else iter(())


def _names_of(text: str) -> list[re.Match[str]]:
    """Return the names with digits; "mid-2021" is a year and "1.234.567" a number."""
    return [
        found
        for found in _likely_names(text)
        if not (found["hyphen"] and _YEAR_AT_END.search(found.group()))
        and not _THOUSANDS.fullmatch(found.group())
    ]


def _without_spaced_names(text: str, sources: Sequence[Facts]) -> str:
    """Return the text without "ISO 9001" where a source has "ISO-9001"."""
    return _SPACED_NAME.sub(
        lambda found: (
            " " if any(one.have_joined_name(found[1] + found[2]) for one in sources)
            else found.group()
        ),
        text,
    )  # fmt: skip

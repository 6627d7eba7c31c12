"""Numbers, dates and quoted words of a text, in forms that compare across ways of writing."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cached_property

from retrieval.dates import Date, dates_of, without_dates
from retrieval.numbers import Number, numbers_of

_SPELLINGS = str.maketrans(
    dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | dict.fromkeys("“”„‟«»″＂", '"')
    | dict.fromkeys("‘’‚‛′＇", "'")
    | dict.fromkeys("\u00ad\u200b\ufeff")
    | {chr(code): chr(code - 0xFEE0) for code in range(0xFF10, 0xFF1A)}
    | {"％": "%", "，": ",", "．": ".", "（": "(", "）": ")", "…": "..."}
)
# A thousands separator that is neither a comma nor a point.
_SPACED = re.compile(r"(?<=\d)[\u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
# "Q3", "FY2023", "A320".
_IDENTIFIER = re.compile(r"(?<!\w)[^\W\d_]+(\d{1,30})\w*")
_QUOTED = re.compile(r'"([^"]{2,400})"')
_LIST_MARK = re.compile(r"\s*(?:[-*•#>]+\s+)*\(?\d{1,2}[.)]\s+")


def normalised(text: str) -> str:
    """Return a text with one kind of dash, quote and space, in one case."""
    return " ".join(_SPACED.sub(",", text).translate(_SPELLINGS).casefold().split())


class Facts:
    """What a source says that can be looked up."""

    def __init__(self, text: str) -> None:
        self._text = normalised(text)

    @cached_property
    def _dates(self) -> list[Date]:
        return [date for readings in dates_of(self._text) for date in readings]

    @cached_property
    def _numbers(self) -> dict[Decimal, list[Number]]:
        numbers: dict[Decimal, list[Number]] = {}
        for number in numbers_of(self._text):
            for value in {number.value, number.whole}:
                numbers.setdefault(value, []).append(number)
        return numbers

    @cached_property
    def _identifiers(self) -> set[str]:
        return {match.group() for match in _IDENTIFIER.finditer(self._text)}

    def has_number(self, number: Number) -> bool:
        """Whether the number occurs, in the same unit where both have one."""
        same = self._numbers.get(number.value, []) + self._numbers.get(number.whole, [])
        return any(
            (one.is_negative or not number.minus) and one.counts_the_same_as(number) for one in same
        )

    def has_date(self, readings: Iterable[Date]) -> bool:
        """Whether one of the readings of a date occurs; its year may stand elsewhere."""
        return any(
            date.agrees_with(one)
            and (date.year in (None, one.year) or Decimal(date.year or 0) in self._numbers)
            for date in readings
            for one in self._dates
        )

    def has_identifier(self, word: str, digits: str) -> bool:
        """Whether a word with digits occurs, or its digits do as a number."""
        return word in self._identifiers or Decimal(digits) in self._numbers

    def has_words(self, quoted: str) -> bool:
        """Whether quoted words occur; what was left out as "..." may be anything."""
        parts = (part.strip(" .,;:!?'") for part in quoted.split("..."))
        return all(part in self._text for part in parts)


def are_held(sentence: str, sources: Sequence[Facts]) -> bool:
    """Whether every number, date and quoted span of a sentence occurs in one of the sources."""
    text = normalised(_LIST_MARK.sub("", sentence, count=1))
    rest = without_dates(text)
    return (
        all(any(one.has_words(found[1]) for one in sources) for found in _QUOTED.finditer(text))
        and all(any(one.has_date(readings) for one in sources) for readings in dates_of(text))
        and all(any(one.has_number(number) for one in sources) for number in numbers_of(rest))
        and all(
            any(one.has_identifier(found.group(), found[1]) for one in sources)
            for found in _IDENTIFIER.finditer(rest)
        )
    )

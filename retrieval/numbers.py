"""Numbers in a normalised text, by their value and not by their spelling."""

import re
from dataclasses import dataclass
from decimal import Decimal

_COMMAS = r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?"
_POINTS = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?!\d)"
_NUMBER = re.compile(
    r"(?P<open>\(\s?)?(?P<minus>(?<![\w)%])-\s?)?[$€£¥]?\s?(?P<inner>(?<=[$€£¥])-)?"
    rf"(?<![\w.])(?P<digits>{_COMMAS}|{_POINTS}|\d+(?:[.,]\d+)?|\.\d+)"
    r"(?:\s?(?P<scale>%|percent\b|per cent\b|(?:thousand|million|billion|trillion|mn|bn|tn|k)\b))?"
    r"(?P<close>\s?\)\s?%?)?"
)
_POWERS = {"thousand": 3, "k": 3, "million": 6, "mn": 6, "billion": 9, "bn": 9,
           "trillion": 12, "tn": 12}  # fmt: skip
# Longer ones are no numbers to anyone, and slow to compute with.
_MOST_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written: its value without sign, and what it counts in."""

    value: Decimal
    # Whether it is a share of a hundred.
    percent: bool
    # The power of ten that follows in words, 0 for none.
    power: int
    minus: bool
    # In parentheses, which is how accounts write a negative one.
    bracketed: bool

    @property
    def is_negative(self) -> bool:
        """Whether it may be read as negative."""
        return self.minus or self.bracketed

    @property
    def whole(self) -> Decimal:
        """The value written out, without the word for a power of ten."""
        return self.value.scaleb(self.power)

    def counts_the_same_as(self, other: "Number") -> bool:
        """Whether it is the same amount, or may be: tables name their units elsewhere."""
        if self.whole == other.whole:
            return self.percent == other.percent or not (self.has_unit and other.has_unit)
        return self.value == other.value and not (self.has_unit and other.has_unit)

    @property
    def has_unit(self) -> bool:
        """Whether it says what it counts in."""
        return self.percent or bool(self.power)


def numbers_of(text: str) -> list[Number]:
    """Return the numbers of a normalised text, in order."""
    return [_number(match) for match in _NUMBER.finditer(text) if _is_short(match["digits"])]


def _number(match: re.Match[str]) -> Number:
    scale, close = match["scale"] or "", match["close"] or ""
    return Number(
        _value(match["digits"]),
        percent=scale in ("%", "percent", "per cent") or "%" in close,
        power=_POWERS.get(scale, 0),
        minus=bool(match["minus"] or match["inner"]),
        bracketed=bool(match["open"] and close),
    )


def _is_short(digits: str) -> bool:
    return len(digits) <= _MOST_DIGITS


def _value(digits: str) -> Decimal:
    """Return the value; a comma or point is decimal unless it cuts off thousands."""
    if re.fullmatch(_COMMAS, digits):
        return Decimal(digits.replace(",", ""))
    if re.fullmatch(_POINTS, digits):
        return Decimal(digits.replace(".", "").replace(",", "."))
    return Decimal(digits.replace(",", "."))

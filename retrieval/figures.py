"""The numbers of a source, and whether a number that somebody states is among them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from retrieval.numbers import Leaning, Number, columns_of, numbers_of
from retrieval.units import SCALES, UNITS, are_other_money, declared_powers, exclude_each_other

_ROUNDINGS = {
    Leaning.NEAR: ROUND_HALF_UP,
    Leaning.OVER: ROUND_FLOOR,
    Leaning.UNDER: ROUND_CEILING,
}
# "About 100" shows one digit; nobody means 149 by it.
_LEAST_TIMES = 10
_LOOSE_PERCENT = re.compile(r"(?<!\d)(?<!\d\s)%")
_LINE = re.compile(r"[^\n]+")
_FIGURE = re.compile(r"\d\S*")
_FIGURE_AT_END = re.compile(r"[\d)%]\s?%?\*?$")
_LONGEST_END = 4


class Figures:
    """The numbers of a normalised text, in all the amounts that they may stand for."""

    def __init__(self, text: str, years: Iterable[int]) -> None:
        self._powers = declared_powers(text)
        self._by_amount: dict[Decimal, list[Number]] = defaultdict(list)
        # The figures of rows whose scale is told nowhere, by what they show.
        self._unscaled: dict[Decimal, list[Number]] = defaultdict(list)
        self._in_rows: set[int] = set()
        for year in years:
            self._by_amount[Decimal(year)].append(_year(year))
        rows = _rows_of(text)
        seen: set[tuple[int, Decimal, int, str]] = set()
        for number in _all_of(text):
            key = number.start, number.value, number.power, number.unit
            if key not in seen:
                seen.add(key)
                line = text.rfind("\n", 0, number.start) + 1
                self._add(number, in_a_row=number.bracketed or line in rows)

    def _add(self, number: Number, *, in_a_row: bool) -> None:
        self._by_amount[number.amount].append(number)
        if in_a_row and not number.power:
            self._in_rows.add(id(number))
            self._unscaled[number.value].append(number)
            for power in () if number.is_share else self._powers:
                self._by_amount[number.value.scaleb(power)].append(number)

    def __contains__(self, value: int | Decimal) -> bool:
        return Decimal(value) in self._by_amount

    def hold(self, readings: Iterable[Number], context: "Context") -> bool:
        """Whether one of the readings of a number occurs: its amount, sign, unit and currency."""
        return any(
            self._agree(one, number, context)
            for number in readings
            for one in self._candidates(number, context)
        )

    def _candidates(self, number: Number, context: "Context") -> Iterator[Number]:
        """Yield the numbers with the same amount, or one that rounds to it where it may."""
        for amount in context.amounts(number):
            yield from self._by_amount.get(amount, ())
            if number.leaning:
                yield from self._rounded(amount, number)
        if number.power and not self._powers:
            yield from self._unscaled.get(number.value, ())
        if _is_doubtful(number):
            like = self._by_amount.get(number.value, ())
            yield from (one for one in like if _is_same_word(number.word, one.word))

    def _rounded(self, amount: Decimal, number: Number) -> Iterator[Number]:
        step = Decimal(1).scaleb(number.shown)
        way = _ROUNDINGS[number.leaning]
        for exact, numbers in self._by_amount.items():
            if number.leaning == Leaning.NEAR and abs(exact - amount) * _LEAST_TIMES > amount:
                continue
            if (exact / step).to_integral_value(way) * step == amount:
                yield from numbers

    def _agree(self, one: Number, stated: Number, context: "Context") -> bool:
        """Whether a number of the text may be the stated one, which has the same amount."""
        if stated.minus and not (one.minus or one.bracketed):
            return False
        if one.ordinal != stated.ordinal or exclude_each_other(one.unit, stated.unit):
            return False
        if are_other_money(one.money, stated.money):
            return False
        if one.is_share and not (stated.is_share or context.speaks_of_percent):
            return False
        if stated.is_share and not one.is_share and id(one) not in self._in_rows:
            return False
        known = stated.word in UNITS or stated.word in SCALES or stated.ordinal
        return known or not stated.glued or _is_same_word(stated.word, one.word)


class Context:
    """What a sentence says about all of its numbers: "(in millions)", "%"."""

    def __init__(self, text: str) -> None:
        self._powers = declared_powers(text)
        self.speaks_of_percent = bool(_LOOSE_PERCENT.search(text))

    def amounts(self, number: Number) -> set[Decimal]:
        """Return the amounts that a number of the sentence may state."""
        amounts = {number.amount}
        if not number.power:
            amounts.update(number.value.scaleb(power) for power in self._powers)
        return amounts


def _all_of(text: str) -> Iterator[Number]:
    for readings in (*numbers_of(text), *columns_of(text)):
        yield from readings


def _year(year: int) -> Number:
    return Number(0, 0, Decimal(year), 0, minus=False, bracketed=False, leaning=Leaning.NOT)


def _rows_of(text: str) -> set[int]:
    """Return where lines of tables begin: those with cells, or that end in a figure."""
    return {line.start() for line in _LINE.finditer(text) if _is_a_row(line.group())}


def _is_a_row(line: str) -> bool:
    if "|" in line or _FIGURE_AT_END.search(line, max(0, len(line) - _LONGEST_END)):
        return True
    return 2 * len(_FIGURE.findall(line)) > line.count(" ")


def _is_doubtful(number: Number) -> bool:
    return number.glued and bool(number.power) and len(number.word) == 1


def _is_same_word(word: str, other: str) -> bool:
    """Whether words are equal or one is short for the other: "kg" for "kilograms"."""
    short, long = sorted((word, other), key=len)
    if short == long or not short:
        return bool(short)
    rest = iter(long)
    return len(short) <= 4 and short[0] == long[0] and all(letter in rest for letter in short)

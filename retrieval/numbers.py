"""Numbers in a normalised text, by their value and not by their spelling."""

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from retrieval.spelling import UNSPACED
from retrieval.units import CODES, CURRENCIES, DOUBTFUL, HAN_SCALES, SCALES, UNITS


class Leaning(StrEnum):
    """How a number that is not meant exactly was rounded."""

    NOT = ""
    NEAR = "near"
    OVER = "over"
    UNDER = "under"


_FRACTION = r"\d{1,3}/\d{1,3}(?![\d/])"
_COMMAS = r"\d{1,3}(?:,\d{3})+(?!,?\d)(?:\.\d+)?|\d{1,2}(?:,\d{2})+,\d{3}(?!,?\d)(?:\.\d+)?"
_POINTS = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?!\d)"
_APART = r"\d{1,3}(?:'\d{3})+(?!\d)(?:[.,]\d+)?|\d{1,3}(?: \d{3})+(?! ?\d)(?:[.,]\d+)?"
_PLAIN = r"\d+(?:[.,]\d+)?(?!\.\d)|\.\d+"
_MONEY = rf"(?:(?:us|ca?|au?|hk|nz|s|r)?\$|[€£¥₹₩₽₺₪]|\b(?:{CODES})\b)"
_NOT_INSIDE_A_WORD = rf"(?<![^\W{UNSPACED}])(?<!\d\.)"
_NUMBER = re.compile(
    # Where one may begin; without that, each letter would be tried in all ways.
    r"(?=[-(.\d$€£¥₹₩₽₺₪]|[a-z]{1,2}\$|\b[a-z]{2,3}\b)"
    rf"(?P<open>\(\s?)?(?P<minus>(?<![^\W{UNSPACED}])(?<![)%\]])-)?(?P<money>{_MONEY}\s?)?"
    rf"(?P<opened>\(\s?)?(?P<inner>(?<=[$€£¥₹])-)?{_NOT_INSIDE_A_WORD}"
    rf"(?P<digits>{_FRACTION}|{_COMMAS}|{_POINTS}|{_APART}|{_PLAIN})"
)
_BEHIND = re.compile(rf"(?P<gap>[\s-]?)(?P<word>%|‰|°[cf]|[$€£¥]|(?![{UNSPACED}])[^\W\d_]+)")
_HAN = re.compile(rf"\s?({'|'.join(HAN_SCALES)})?(美元|欧元|日元|英镑)?")
_HAN_MONEY = {"美元": "us$", "欧元": "€", "日元": "¥", "英镑": "£"}
_CLOSE = re.compile(r"\s?\)\s?(%?)")
_ORDINAL_ENDS = frozenset("st nd rd th e er ème".split())
_LEANINGS = {
    word: leaning
    for leaning, words in {
        Leaning.NEAR: "about|around|approximately|approx|roughly|circa|ca|c|~|≈|some|etwa|rund"
        "|ungefähr|zirka|environ|unos|unas|alrededor de|aproximadamente|cerca de|约|約|大约",
        Leaning.OVER: "over|more than|above|über|mehr als|plus de|más de|超过|超過|逾",
        Leaning.UNDER: "nearly|almost|under|less than|close to|fast|knapp|unter|weniger als|près de"
        "|presque|moins de|casi|menos de|近|接近|将近",
    }.items()
    for word in words.split("|")
}  # fmt: skip
_LEANING_WORDS = tuple(_LEANINGS)
_LEANS = re.compile(
    rf"(?<![^\W{UNSPACED}])({'|'.join(sorted(_LEANINGS, key=len, reverse=True))})\s?$"
)
_TO = re.compile(r"\s?(?:-|~|to|and|or|bis|und|oder|à|et|a|y|至|到)\s?")
_COLUMNS = re.compile(r" (?<=\d )(?=\d{3}(?!\d))")
# "1,234", "1.234": thousands in some languages, decimals in others.
_MAY_BE_EITHER = re.compile(r"\d{1,3}[.,]\d{3}")
# Texts of languages that write a comma before decimals.
_DECIMAL_COMMAS = re.compile(
    r"\d,\d{1,2}(?!\d)|\d\.\d{3},\d|\b(?:und|der|das|ist|mit|für|les|des|est|los|las|del|para|"
    r"una|della|che|het|een)\b"
)
# Behind a point that cuts off no thousands, or a comma that can't.
_DECIMALS = re.compile(r"(?:\.(?!\d{3}$)|(?<=^\d)\.|,(?!\d{3}$)|(?<=\d\.\d{3}),)(\d+)$")
_COMMAED, _POINTED, _SET_APART = (re.compile(one) for one in (_COMMAS, _POINTS, _APART))
# Longer ones are no numbers to anyone, and slow to compute with.
_MOST_DIGITS = 30


class Number(NamedTuple):
    """A number as it is written: its value without sign, and what it counts in.

    A tuple, because a table has hundreds of them, and dataclasses take four times as long.
    """

    start: int
    end: int
    value: Decimal
    # The last digit that is shown, as a power of ten: 5 for "4.8 million".
    shown: int
    minus: bool
    # In parentheses, which is how accounts write a negative one.
    bracketed: bool
    leaning: Leaning
    # The power of ten that follows in words, 0 for none.
    power: int = 0
    unit: str = ""
    money: str = ""
    ordinal: bool = False
    # The word behind it; ``glued`` when no space sets it apart: "5kg", "3D", "10-K".
    word: str = ""
    glued: bool = False

    @property
    def amount(self) -> Decimal:
        """The value written out, without the word for a power of ten."""
        return self.value.scaleb(self.power)

    @property
    def is_share(self) -> bool:
        """Whether it is of a hundred."""
        return bool(self.unit) and UNITS[self.unit][0] == 0


def numbers_of(text: str) -> list[tuple[Number, ...]]:
    """Return the numbers of a normalised text in order, each in the ways it may be read."""
    commas = bool(_MAY_BE_EITHER.search(text) and _DECIMAL_COMMAS.search(text))
    found = [
        tuple(_numbers(text, match, _values(match["digits"], commas=commas)))
        for match in _NUMBER.finditer(text)
        if len(match["digits"]) <= _MOST_DIGITS
    ]
    return list(_with_shared_units(text, [readings for readings in found if readings]))


def columns_of(text: str) -> list[tuple[Number, ...]]:
    """Return the numbers of a text that may be columns: "12 345" is two, besides one."""
    apart = _COLUMNS.sub("  ", text)
    return numbers_of(apart) if apart != text else []


def _numbers(text: str, match: re.Match[str], values: list[Decimal]) -> Iterator[Number]:
    """Yield the readings of one number."""
    money = match["money"]
    before = text[max(0, match.start() - 16) : match.start()]
    leans = before.rstrip().endswith(_LEANING_WORDS) and _LEANS.search(
        text, max(0, match.start() - 16), match.start()
    )
    tail = _Tail(CURRENCIES[money.strip()] if money else "", match.end())
    tail.read(text)
    bracketed = bool(match["open"] or match["opened"]) and tail.close(text)
    for value in values:
        yield Number(
            match.start(),
            tail.end,
            value,
            _shown(match["digits"]) + tail.power,
            minus=bool(match["minus"] or match["inner"]),
            bracketed=bracketed,
            leaning=_LEANINGS[leans[1]] if leans else Leaning.NOT,
            power=tail.power,
            unit=tail.unit,
            money=tail.money,
            ordinal=tail.ordinal,
            word=tail.word,
            glued=tail.glued,
        )


class _Tail:
    """The scales, the unit and the currency that follow a number."""

    __slots__ = ("end", "glued", "money", "ordinal", "power", "unit", "word")

    def __init__(self, money: str, end: int) -> None:
        self.money = money
        self.end = end
        self.power = 0
        self.unit = self.word = ""
        self.ordinal = self.glued = False

    def read(self, text: str) -> None:
        """Take in the words that follow, as long as they are any of these."""
        han = None if text.isascii() else _HAN.match(text, self.end)
        if han and (han[1] or han[2]):
            self.power = HAN_SCALES.get(han[1] or "", 0)
            self.money = _HAN_MONEY.get(han[2] or "", self.money)
            self.end = han.end()
            return
        while behind := _BEHIND.match(text, self.end):
            if not self._takes(behind["gap"], behind["word"]):
                return
            self.end = behind.end()

    def close(self, text: str) -> bool:
        """Whether a parenthesis closes here; take in what follows it, as in "(5.2)%"."""
        closing = _CLOSE.match(text, self.end)
        if closing is None:
            return False
        self.end = closing.end()
        self.unit = closing[1] or self.unit
        behind = _BEHIND.match(text, self.end)
        if behind and not self.power:
            self.power = SCALES.get(behind["word"], 0)
        return True

    def _takes(self, gap: str, word: str) -> bool:
        """Take one word, unless it belongs to the text that goes on."""
        if self.unit or self.ordinal:
            return False
        if not self.word:
            self.word = word
            self.glued = gap == "" or (gap == "-" and len(word) == 1)
            self.ordinal = gap == "" and word in _ORDINAL_ENDS
        if self.ordinal:
            return True
        if self._is_scale(gap, word):
            self.power += SCALES[word]
        elif word in UNITS:
            self.unit = UNITS[word][1]
        elif word in CURRENCIES and not (self.money or gap == "-"):
            self.money = CURRENCIES[word]
        else:
            return False
        return True

    def _is_scale(self, gap: str, word: str) -> bool:
        if word not in SCALES or self.power > 6:
            return False
        return word not in DOUBTFUL or gap == "" or (gap == " " and bool(self.money))


def _with_shared_units(
    text: str, numbers: list[tuple[Number, ...]]
) -> Iterator[tuple[Number, ...]]:
    """Yield the numbers; in "5 to 6 million" the first counts in millions, too."""
    for place, readings in enumerate(numbers):
        first, more = readings[0], numbers[place + 1 : place + 2]
        last = more[0][0] if more else None
        bare = not (first.power or first.unit or first.ordinal)
        if last and bare and _TO.fullmatch(text, first.end, last.start):
            shared = first._replace(
                power=last.power, unit=last.unit, shown=first.shown + last.power
            )
            readings = (*readings, shared)
        yield readings


def _shown(digits: str) -> int:
    """Return the power of ten of the last digit that is meant."""
    if digits.isdigit():
        return len(digits) - len(digits.rstrip("0")) if digits.strip("0") else 0
    if decimals := _DECIMALS.search(digits):
        return -len(decimals[1])
    return _shown(re.sub(r"\D", "", digits))


def _values(digits: str, *, commas: bool) -> list[Decimal]:
    """Return the values it may have; a comma or point is decimal unless it cuts off thousands."""
    if digits.isdigit():
        return [Decimal(digits)]
    if "/" in digits:
        top, bottom = map(Decimal, digits.split("/"))
        return [top / bottom] if bottom else []
    if _POINTED.fullmatch(digits):
        return [Decimal(digits.replace(".", "").replace(",", "."))]
    if _SET_APART.fullmatch(digits):
        return [Decimal(re.sub(r"[' ]", "", digits).replace(",", "."))]
    plain = Decimal(digits.replace(",", "" if _COMMAED.fullmatch(digits) else "."))
    if commas and _MAY_BE_EITHER.fullmatch(digits):
        return [plain, plain * 1000 if "." in digits else plain / 1000]
    return [plain]

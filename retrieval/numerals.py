"""Numbers that a normalised text spells in words, written in digits."""

import re
from collections.abc import Iterable

from retrieval.spelling import one_of

# "one" and its kin are articles and pronouns first; "once", "elf", "neuf", "cent", "mille" and
# "sept" are other words in other languages.
_UNITS = {
    word: number
    for number, words in {
        0: "zero", 2: "two zwei deux dos", 3: "three drei trois tres",
        4: "four vier quatre cuatro", 5: "five fünf cinq cinco", 6: "six sechs seis",
        7: "seven sieben siete", 8: "eight acht huit ocho", 9: "nine neun nueve",
        10: "ten zehn dix diez", 11: "eleven onze", 12: "twelve dozen zwölf douze doce",
        13: "thirteen dreizehn treize trece", 14: "fourteen vierzehn quatorze catorce",
        15: "fifteen fünfzehn quinze quince", 16: "sixteen sechzehn seize",
        17: "seventeen siebzehn", 18: "eighteen achtzehn", 19: "nineteen neunzehn",
        20: "twenty zwanzig vingt veinte", 30: "thirty dreißig dreissig trente treinta",
        40: "forty vierzig quarante cuarenta", 50: "fifty fünfzig cinquante cincuenta",
        60: "sixty sechzig soixante sesenta", 70: "seventy siebzig setenta",
        80: "eighty achtzig ochenta", 90: "ninety neunzig noventa",
    }.items()
    for word in words.split()
}  # fmt: skip
_ORDINALS = {
    word: f"{number}th"
    for number, words in {
        2: "second", 3: "third dritte dritten dritter troisième tercer tercero tercera",
        4: "fourth vierte vierten vierter quatrième cuarto cuarta", 5: "fifth fünfte cinquième",
        6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth", 10: "tenth", 11: "eleventh",
        12: "twelfth", 20: "twentieth",
    }.items()
    for word in words.split()
}  # fmt: skip
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6,
          "eighth": 8, "tenth": 10}  # fmt: skip
_PART = re.compile(rf"\b(an?|one|\d{{1,2}})[ -]({'|'.join(_PARTS)})(?:s\b|(?= of\b))")
_TEN_WORDS = tuple(word for word, n in _UNITS.items() if n in range(20, 91, 10))
_TENS = re.compile(
    rf"\b({'|'.join(_TEN_WORDS)})[ -]"
    rf"(one|{'|'.join(word for word, n in _UNITS.items() if 0 < n < 10)})\b"
)
_WORDS = {word: str(number) for word, number in _UNITS.items()} | _ORDINALS
# Behind a number, a second is a time.
_WORD = re.compile(rf"\b(?=\w)(?<!\d[ -]){one_of(_WORDS)}\b")
# "One" is a number before these only.
_ONE = re.compile(r"\b(?:one|an?)(?=[\s-](?:hundred|thousand|million|billion|trillion|dozen|%))")
# What follows there; to look for it is quicker than to look for them.
_COUNTED = ("hundred", "thousand", "illion", "dozen", "%")
_HALF = re.compile(r"\b(?:a[ -])?half\b(?!-)")


def with_digits(text: str) -> str:
    """Return the text with its spelled numbers, ordinals and fractions in digits."""
    if _has_any(_TEN_WORDS, text):
        text = _TENS.sub(_sum, text)
    if _has_any(_COUNTED, text):
        text = _ONE.sub("1", text)
    text = _WORD.sub(_in_digits, text.replace("1 dozen", "dozen"))
    if _has_any(_PARTS, text):
        text = _HALF.sub("1/2", _PART.sub(_fraction, text))
    return text


def _has_any(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)


def _sum(match: re.Match[str]) -> str:
    return str(_UNITS[match[1]] + _UNITS.get(match[2], 1))


def _in_digits(match: re.Match[str]) -> str:
    return _WORDS[match.group()]


def _fraction(match: re.Match[str]) -> str:
    count = match[1] if match[1].isdigit() else "1"
    return f"{count}/{_PARTS[match[2]]}"

"""One spelling for a text: one kind of dash, quote, digit and space, in one case."""

import re
import unicodedata
from collections.abc import Iterable

# Characters of scripts that write words without spaces between them.
UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# What nobody sees: zero-width and direction characters, tags.
_INVISIBLE = [0xAD, 0x61C, 0x180E, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
              *range(0x2061, 0x206A), *range(0xFE00, 0xFE10)]  # fmt: skip
_ONE_OF_EACH: dict[str, str] = (
    dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | dict.fromkeys("“”„‟«»″＂「」『』", '"')
    | dict.fromkeys("‘’‚‛′＇‹›", "'")
    | dict.fromkeys(map(chr, _INVISIBLE), "")
    | {"٫": ".", "٬": ",", "،": ",", "。": ".", "、": ","}
    | {mark: f"^{digit}" for digit, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
    | {mark: str(digit) for digit, mark in enumerate("₀₁₂₃₄₅₆₇₈₉")}
    | {"½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅕": " 1/5", "⅛": " 1/8"}
)
# Thousands are set apart by so many signs; an apostrophe is never anything else between digits.
_APART = re.compile(r"(?<=\d)[\u00a0\u2009\u202f'’](?=\d{3}(?!\d))")
# The tags are a range of their own, or the expression would go through them one by one.
_ANY_OF_THEM = re.compile(f"[{''.join(map(re.escape, _ONE_OF_EACH))}\U000e0000-\U000e007f]")
_FOREIGN_DIGIT = re.compile(r"[^\W\D0-9]")
# Markdown's emphasis, and the backslashes with which models guard dollar and percent signs.
_MARKUP = ("~~", "*", "`", "\\")


def one_of(words: Iterable[str]) -> str:
    """Return the expression for any of the words, which the first letter rules out at once."""
    by_letter: dict[str, list[str]] = {}
    for word in words:
        by_letter.setdefault(word[0], []).append(word[1:])
    groups = (f"{letter}(?:{'|'.join(rest)})" for letter, rest in by_letter.items())
    return f"(?:{'|'.join(groups)})"


def normalised(text: str) -> str:
    """Return a text's lines in one spelling; none is empty."""
    if not text.isascii():
        text = _ANY_OF_THEM.sub(_usual, _APART.sub("'", text))
        text = _FOREIGN_DIGIT.sub(_ascii_digit, unicodedata.normalize("NFKC", text))
    for mark in _MARKUP:
        text = text.replace(mark, "")
    text = text.replace("_", " ").casefold()
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _usual(match: re.Match[str]) -> str:
    return _ONE_OF_EACH.get(match.group(), "")


def _ascii_digit(match: re.Match[str]) -> str:
    return str(unicodedata.decimal(match.group()))

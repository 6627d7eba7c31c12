"""The numbers and bullets that Word puts before items of lists, and before headings."""

import re
from collections import defaultdict
from typing import NamedTuple

from ingestion.parsers.markup import parsed
from ingestion.parsers.word_styles import W, value_of

_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_LARGEST = 10_000


class Level(NamedTuple):
    """How the items of one level of a list are marked."""

    kind: str = "bullet"
    text: str = ""
    start: int = 1


class Numbers:
    """Counts the items of a document's lists, in the order of the text."""

    def __init__(self, data: bytes | None) -> None:
        self._levels: dict[str, dict[int, Level]] = {}
        # Lists that are one list to Word count on.
        self._counters: dict[str, str] = {}
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * _LEVELS)
        if data is None:
            return
        root = parsed(data)
        abstract = {
            found.get(f"{W}abstractNumId"): {
                int(level.get(f"{W}ilvl", "0")): _level_of(level)
                for level in found.iterchildren(f"{W}lvl")
                if level.get(f"{W}ilvl", "0").isdecimal()
            }
            for found in root.iterchildren(f"{W}abstractNum")
        }
        for found in root.iterchildren(f"{W}num"):
            name, of = found.get(f"{W}numId", ""), value_of(found, "abstractNumId")
            self._levels[name] = dict(abstract.get(of, {}))
            restarted = found.find(f"{W}lvlOverride") is not None
            self._counters[name] = f"num {name}" if restarted else of

    def mark(self, list_id: str, depth: int) -> str:
        """Count an item, and return what stands before its text."""
        levels = self._levels.get(list_id)
        if levels is None or not 0 <= depth < _LEVELS:
            return ""
        level = levels.get(depth, Level())
        if level.kind == "none":
            return ""
        if level.kind == "bullet":
            return "• "
        counts = self._counts[self._counters[list_id]]
        for upper in range(depth):
            counts[upper] = counts[upper] or levels.get(upper, level).start
        counts[depth] = counts[depth] + 1 if counts[depth] else level.start
        counts[depth + 1 :] = [0] * (_LEVELS - depth - 1)

        def number(found: re.Match[str]) -> str:
            at = int(found.group(1)) - 1
            return written(counts[at], levels.get(at, level).kind)

        text = _PLACE.sub(number, level.text or f"%{depth + 1}.").strip()
        return f"{text} " if text else ""


def written(number: int, kind: str) -> str:
    """Return a number in the way of a list: 4, d, iv."""
    if kind in ("lowerRoman", "upperRoman") and 0 < number < _LARGEST:
        text, left = "", number
        for value, letters in _ROMAN:
            text, left = text + letters * (left // value), left % value
        return text.upper() if kind == "upperRoman" else text
    if kind in ("lowerLetter", "upperLetter") and 0 < number < _LARGEST:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if kind == "upperLetter" else letter
    return f"{number:02d}" if kind == "decimalZero" else str(number)


def _level_of(element: object) -> Level:
    start = value_of(element, "start")
    return Level(
        value_of(element, "numFmt") or "decimal",
        value_of(element, "lvlText"),
        int(start) if start.isdecimal() and len(start) < 6 else 1,
    )

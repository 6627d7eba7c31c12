"""Citation markers in a model's text, in one form: ``[1][2]``."""

import re

# "[1]", "[1, 2]", "[1-3]", "[^1]", "[source 1]", "[1, p. 3]", "【1†source】", "［１］".
# At most three digits, so that years stay text, as "[sic]" and "(1)" do.
_NUMBER = r"[0-9０-９٠-٩]{1,3}"
_JOINT = r"(?:[ ]?(?:,|;|、|，|and|&|–|—|-|‑)[ ]?|[ ])"
MARKER = re.compile(
    r"(?P<space>[ ]?)[\[【［][ ]?"
    r"(?:\^|#|(?i:passages?|sources?|documents?|docs?|refs?|citations?)(?:[ ]|:[ ]?))?"
    rf"(?P<numbers>{_NUMBER}(?:{_JOINT}{_NUMBER})*)"
    r"(?:[,;:]?[ ](?i:pp?|pages?)\.?[ ]?\d[\d–-]*)?[ ]?(?:†[\w :.-]*)?[\]】］]"
)
# Longer ones stay text: eight numbers and their commas fit.
_LONGEST = 30
_RANGE = re.compile(r"(\d+) ?[–—‑-] ?(\d+)|(\d+)")
_OPENING = re.compile(r"[\[【［]")
# What a marker that is not complete yet may look like.
_BEGUN = re.compile(r"[ ]?[\[【［][\w ,;、，&–—‑†:.^#-]*")
# What nobody sees could hide a marker, turn a line around, or say what only a machine reads.
_UNSEEN = dict.fromkeys([0xAD, 0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2060, 0x2070),
                         *range(0xE0000, 0xE0080)])  # fmt: skip
# The form in which markers leave this module.
PLAIN = re.compile(r"\[([1-9][0-9]?)\]")


def numbers_of(listing: str, sources: int) -> list[int]:
    """Return the existing sources that a marker's inside names, each once, in order."""
    numbers: dict[int, None] = {}
    for first, last, single in _RANGE.findall(listing):
        if single:
            low = high = int(single)
        else:
            low, high = sorted((int(first), int(last)))
        numbers.update(dict.fromkeys(range(max(low, 1), min(high, sources) + 1)))
    return list(numbers)


def without_markers(text: str) -> str:
    """Return the text without anything that looks like a marker."""
    return MARKER.sub("", text)


class MarkerStream:
    """Rewrites markers in a text that arrives in pieces, wherever the pieces are cut.

    Markers that point to no source vanish, with the space before them. What may become a marker
    is held back, at most ``_LONGEST`` characters of it.
    """

    def __init__(self, sources: int) -> None:
        self._sources = sources
        # What can't be shown yet.
        self.held = ""
        self._begun = False

    def feed(self, piece: str) -> str:
        """Return the text that is certain by now; it may be empty."""
        text = self.held + piece
        if text.isascii():
            opens = "[" in text
        else:
            text = text.translate(_UNSEEN)
            opens = bool(_OPENING.search(text))
        if self._begun and not opens:
            # The ordinary token: only a space before a marker may have to go.
            self.held = " " if text[-1:] == " " else ""
            return text[:-1] if self.held else text
        cut = _certain(text)
        self.held = text[cut:]
        return self._rewritten(text[:cut])

    def rest(self) -> str:
        """Return what was held back, at the end of the text."""
        text, self.held = self.held.rstrip(), ""
        return self._rewritten(text)

    def _rewritten(self, text: str) -> str:
        text = MARKER.sub(self._plain, text)
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text

    def _plain(self, match: re.Match[str]) -> str:
        if len(match.group()) > _LONGEST:
            return match.group()
        numbers = numbers_of(match["numbers"], self._sources)
        if not numbers:
            return ""
        return match["space"] + "".join(f"[{number}]" for number in numbers)


def _certain(text: str) -> int:
    """Return how much of the text can no longer change, whatever follows it."""
    start = max(text.rfind("["), text.rfind("【"), text.rfind("［"))
    if start >= 0:
        start -= text[start - 1 : start] == " "
        if len(text) - start <= _LONGEST and _BEGUN.fullmatch(text, start):
            return start
    return len(text) - text.endswith(" ")

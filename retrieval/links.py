"""Links of a model's text, made harmless: an answer must not make anybody fetch an address."""

import re
from enum import Enum

# A scheme, another host, or what hides one from a look: escapes and entities.
_ADDRESS = re.compile(r"<|[a-z][a-z0-9+.-]*:.|//|www\.|.*\\|.*&#?\w+;", re.IGNORECASE | re.DOTALL)
# What is not known to be an address by then is treated as what it looks like.
_LONGEST = 200
_LONGEST_GAP = 8


class _State(Enum):
    PLAIN = "plain"
    AFTER_BRACKET = "after a closing bracket"
    AFTER_ANGLE = "after an opening angle"
    HELD = "in what may be an address"
    DROPPED = "in an address"


class LinkBreaker:
    """Takes links apart in a text that arrives in pieces, wherever the pieces are cut.

    Addresses behind "](" and "]:" vanish and the words stay; what is no address is set apart
    from the bracket. A space behind "<" keeps tags from being any. Bare addresses are text.
    """

    def __init__(self) -> None:
        self._state = _State.PLAIN
        # The same, for the ordinary token: asking an enumeration takes longer than all the rest.
        self._is_plain = True
        # What stands before it: "(", ":", or nothing where a colon is shown already.
        self._opening = ""
        self._held = ""
        self._depth = 0

    def feed(self, piece: str) -> str:
        """Return the text that is certain by now; it may be empty."""
        # Nothing else can begin what a client would take for a link, an image or a tag.
        if self._is_plain and "]" not in piece and "<" not in piece:
            return piece
        text = "".join([self._step(character) for character in piece])
        self._is_plain = self._state is _State.PLAIN
        return text

    def rest(self) -> str:
        """Return what was held back, at the end of the text."""
        return self._decided("") if self._state is _State.HELD else ""

    def _step(self, character: str) -> str:
        match self._state:
            case _State.HELD:
                return self._hold(character)
            case _State.DROPPED:
                return self._drop(character)
            case _State.AFTER_BRACKET if character in "(:":
                self._state, self._opening, self._held = _State.HELD, character, ""
                return ""
            case _State.AFTER_ANGLE if character.isalpha() or character in "/!?":
                self._state = _State.PLAIN
                return " " + character
            case _:
                return self._plain(character)

    def _plain(self, character: str) -> str:
        if character == "]":
            self._state = _State.AFTER_BRACKET
        elif character == "<":
            self._state = _State.AFTER_ANGLE
        else:
            self._state = _State.PLAIN
        return character

    def _hold(self, character: str) -> str:
        """Take one more character of what may be an address, and decide at its end."""
        target = self._held.lstrip()
        ends = character in "()[]>" or len(target) >= _LONGEST
        if character.isspace():
            is_long = not target and len(self._held) >= _LONGEST_GAP
            if is_long and self._opening != "(":
                return ""  # behind a colon an address may come after any gap
            ends = bool(target) or is_long
        if ends:
            return self._decided(character)
        self._held += character
        return ""

    def _decided(self, character: str) -> str:
        """Return what was held if it is no address, and go on behind it."""
        opening, held = self._opening, self._held
        self._held = ""
        address = held.lstrip()
        if _ADDRESS.match(address):
            self._state, self._depth = _State.DROPPED, int(opening == "(")
            kept = "" if opening == "(" else opening + held[: len(held) - len(address)]
            return kept + self._drop(character)
        self._state = _State.PLAIN
        apart = " (" if opening == "(" else opening
        return apart + "".join([self._step(one) for one in held + character])

    def _drop(self, character: str) -> str:
        """Drop one more character of an address, unless it has ended.

        What comes next stands behind the same bracket or colon, and may be another one.
        """
        self._depth += (character == "(") - (character == ")")
        if character.isspace() and self._opening == "(":
            self._state = _State.PLAIN
            return character
        if character.isspace() or (character == ")" and self._depth <= 0):
            if self._opening == "(":
                self._state = _State.AFTER_BRACKET
            else:
                self._state, self._opening = _State.HELD, ""
                self._held = character if character.isspace() else ""
        return ""

"""What the styles of a Word document mean: which are headings, and which have numbers."""

import re
from collections.abc import Iterator
from typing import Any

from ingestion.parsers.markup import parsed

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_OUTLINE_BODY = 9
# How far a style is followed to those that it is based on.
_DEEPEST = 12


class Styles:
    """The styles of a document by their ids."""

    def __init__(self, data: bytes | None) -> None:
        root = parsed(data) if data else ()
        self._styles = {
            found.get(f"{W}styleId"): found for found in root if found.tag == f"{W}style"
        }
        self._levels: dict[str, int] = {}

    def level(self, paragraph: Any) -> int:
        """Return a paragraph's level as a heading; 0: it is none."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return 0
        own = _outline_level(properties)
        if own is not None:
            return own
        name = value_of(properties, "pStyle")
        if name not in self._levels:
            self._levels[name] = self._level_of_style(name)
        return self._levels[name]

    def numbering(self, paragraph: Any) -> tuple[str, int]:
        """Return the list that a paragraph is an item of, and its level there; "": of none."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return "", 0
        found = [properties.find(f"{W}numPr")]
        for style in self._based(value_of(properties, "pStyle")):
            styled = style.find(f"{W}pPr")
            found.append(None if styled is None else styled.find(f"{W}numPr"))
        numbers = [number for number in found if number is not None]
        list_id = next((name for number in numbers if (name := value_of(number, "numId"))), "")
        level = next((name for number in numbers if (name := value_of(number, "ilvl"))), "0")
        return ("" if list_id == "0" else list_id), int(level) if level.isdecimal() else 0

    def _level_of_style(self, name: str) -> int:
        for style in self._based(name):
            said = value_of(style, "name")
            if (heading := _HEADING.fullmatch(said)) is not None:
                return int(heading.group(1))
            if said.casefold() == "title":
                return 1
            properties = style.find(f"{W}pPr")
            level = None if properties is None else _outline_level(properties)
            if level is not None:
                return level
        return 0

    def _based(self, name: str) -> Iterator[Any]:
        for _ in range(_DEEPEST):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = value_of(style, "basedOn")


def value_of(element: Any, name: str) -> str:
    """Return the value of an element's child of this name; nothing where there is none."""
    found = element.find(f"{W}{name}")
    return "" if found is None else found.get(f"{W}val") or ""


def is_on(element: Any, name: str) -> bool:
    """Tell whether an element has a switch of this name that is not off."""
    found = element.find(f"{W}{name}")
    return found is not None and found.get(f"{W}val", "1") not in ("0", "false", "off", "none")


def _outline_level(properties: Any) -> int | None:
    level = value_of(properties, "outlineLvl")
    if not level.isdecimal():
        return None
    return int(level) + 1 if int(level) < _OUTLINE_BODY else 0

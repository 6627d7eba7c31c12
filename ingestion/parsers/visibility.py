"""What of an HTML document nobody sees, and what pictures say in words."""

import re
from typing import Any

# Programs, styles, and what stands in for them; controls of forms; what leads elsewhere.
_DROPPED = frozenset(
    "script style noscript template iframe object embed applet svg canvas audio video map math-ml "
    "select datalist button input textarea nav dialog".split()
)
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]))")
_FILE_NAME = re.compile(r"\S+\.\w{2,4}")
_LONGEST_ALT = 1000


def is_dropped(element: Any, name: str) -> bool:
    """Tell whether nothing of an element is shown as text."""
    if not name or name in _DROPPED:
        return True
    attributes = element.attrib
    if not attributes:
        return False
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden", "").strip().lower() == "true"
        or attributes.get("role", "") == "navigation"
        or bool(_HIDING.search(attributes.get("style", "").lower()))
    )


def picture_text(element: Any) -> str:
    """Return what a picture says where it can't be seen, unless that is only its file's name."""
    return meaningful(element.get("alt") or "")


def meaningful(description: str) -> str:
    """Return a picture's description, or nothing where it tells a reader nothing."""
    text = " ".join(description.split())[:_LONGEST_ALT]
    if sum(map(str.isalpha, text)) < 3 or _FILE_NAME.fullmatch(text):
        return ""
    return text

"""What is known of a document as a whole: its title, its running lines, its headings."""

import re
from collections.abc import Iterable
from pathlib import PurePath

from data.contents import FileFacts, Page, Profile
from ingestion.headings import Headings
from ingestion.layout import RunningLines

_LONGEST_TITLE = 200
# Against the size of most characters of the first page.
_TITLE_LARGER = 1.2
_TITLE_LINES = 3
_PROGRAM = re.compile(r"^(?:Microsoft (?:Word|PowerPoint|Excel)|Adobe \w+)\s*-\s*", re.IGNORECASE)
_NO_TITLE = re.compile(
    r"untitled.*|document\d*|(?:powerpoint )?presentation\d*|slide \d+|title|\(?anonymous\)?|"
    r"adobe photoshop pdf|scan.*|print|[\W\d_]*|.*\.(?:docx?|pptx?|xlsx?|pdf|indd|qxd|tex|dvi|txt|"
    r"rtf|odt|ai|png|jpe?g|tiff?|html?)",
    re.IGNORECASE,
)


# The largest words of many a form, and the title of none.
_AUTHORITY = re.compile(r"(?:united states )?securities and exchange commission.*", re.IGNORECASE)


def profile_of(pages: Iterable[Page], facts: FileFacts, filename: str) -> Profile:
    """Return the profile of a document whose pages come in order, one at a time.

    Deterministic, and no page's text is kept.
    """
    running, headings = RunningLines(), Headings()
    shown: str | None = None
    for index, page in enumerate(pages):
        running.add(page)
        headings.add(page)
        if index == 0:
            shown = _largest(page)
    lines = running.found()
    title = _sensible(facts.title) or shown or PurePath(filename).stem or filename
    return Profile(title[:_LONGEST_TITLE].strip(), lines, headings.found(lines))


def _sensible(title: str | None) -> str | None:
    """Return the title that a file gives itself, unless a program made it up."""
    title = _PROGRAM.sub("", " ".join((title or "").split()))
    letters = sum(map(str.isalpha, title))
    return None if letters < 3 or _NO_TITLE.fullmatch(title) else title


def _largest(page: Page) -> str | None:
    """Return the first lines in the page's largest font, if it is larger than the rest."""
    lines = [line for line in page.lines if _may_be_title(page.text[line.start : line.end])]
    if not lines:
        return None
    sizes = sorted((line.size, line.end - line.start) for line in lines)
    half, middle = sum(length for _, length in sizes) / 2, 0.0
    for size, length in sizes:
        middle, half = size, half - length
        if half <= 0:
            break
    size = sizes[-1][0]
    if size < _TITLE_LARGER * middle:
        return None
    first = next(index for index, line in enumerate(lines) if line.size == size)
    end = first
    while end < len(lines) and end - first < _TITLE_LINES and lines[end].size == size:
        end += 1
    return " ".join(" ".join(page.text[line.start : line.end] for line in lines[first:end]).split())


def _may_be_title(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= 3 and not _AUTHORITY.match(" ".join(text.split()))

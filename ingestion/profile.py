"""What is known of a document as a whole: its title, its running lines, its headings."""

from collections.abc import Iterable

from data.contents import FileFacts, Heading, Page, Profile
from ingestion.about import about_of
from ingestion.candidates import begins_anew
from ingestion.front import Front
from ingestion.headings import Headings
from ingestion.kinds import is_form
from ingestion.layout import RunningLines
from ingestion.titles import own_title, title_of

# A title may stand on a cover and once more over the text.
_TITLE_PAGES = 3
# A title so short is a name; what runs over the pages may say more.
_FEW_WORDS = 2


def profile_of(pages: Iterable[Page], facts: FileFacts, filename: str) -> Profile:
    """Return the profile of a document whose pages come in order, one at a time.

    Deterministic, and no page's text is kept but that of the first ones.
    """
    front, running, headings = Front(), RunningLines(), Headings(facts.outline)
    for page in pages:
        front.add(page)
        running.add(page)
        headings.add(page)
    lines = running.found()
    stated = own_title(front, facts)
    if stated and len(stated.split()) <= _FEW_WORDS:
        stated = running.fuller(stated, lines) or stated
    about = about_of(front, facts, filename, stated)
    title = title_of(stated, about, front, filename)
    found = headings.found(lines, skipped=int(is_form(about.kind)))
    # What stands under the title is the whole document; it sets no section apart.
    return Profile(title, lines, _without_title(found, title), about)


def _without_title(headings: tuple[Heading, ...], title: str) -> tuple[Heading, ...]:
    """Return the headings but the title, unless it is the name of the first section."""
    inner = tuple(heading for heading in headings if not _is_title(heading, title))
    return inner or headings


def _is_title(heading: Heading, title: str) -> bool:
    text = heading.text.casefold()
    is_whole = text in title.casefold() and len(text) > len(title) / 2
    return heading.page <= _TITLE_PAGES and is_whole and not begins_anew(heading.text)

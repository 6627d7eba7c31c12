"""What is known of a document as a whole: its title, its running lines, its headings."""

from collections.abc import Iterable

from data.contents import FileFacts, Page, Profile
from ingestion.about import about_of
from ingestion.front import Front
from ingestion.headings import Headings
from ingestion.layout import RunningLines
from ingestion.titles import own_title, title_of


def profile_of(pages: Iterable[Page], facts: FileFacts, filename: str) -> Profile:
    """Return the profile of a document whose pages come in order, one at a time.

    Deterministic, and no page's text is kept but that of the first ones.
    """
    front, running, headings = Front(), RunningLines(), Headings()
    for page in pages:
        front.add(page)
        running.add(page)
        headings.add(page)
    stated = own_title(front, facts)
    about = about_of(front, facts, filename, stated)
    title = title_of(stated, about, front, filename)
    lines = running.found()
    return Profile(title, lines, headings.found(lines), about)

"""EPUB: the chapters of a book in its own order, each a page, or several when it is long."""

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from data.file_errors import UnreadableFile
from ingestion.archives import Archive
from ingestion.parsers import hypertext
from ingestion.parsers.decoding import decoded
from ingestion.parsers.leaves import PAGE_CHARACTERS, Leaf, Leaves, Said, divided
from ingestion.parsers.markup import attribute, local_name, parsed
from ingestion.parsers.serving import OpenFile, Opening
from ingestion.parsers.wording import plain

_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_TEXTS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")


def open_file(opening: Opening) -> OpenFile:
    """Return a book as pages."""
    limit = min(opening.max_page_characters, PAGE_CHARACTERS)
    with Archive(opening.path) as archive:
        at = _package_path(archive)
        package = parsed(archive.read(at))
        leaves = _leaves(archive, _chapters(package, at), limit)
        return Leaves(leaves, _said(package), opening.max_pages, opening.max_page_characters)


def _package_path(archive: Archive) -> str:
    for element in parsed(archive.read(_CONTAINER)).iter("{*}rootfile"):
        if path := attribute(element, "full-path"):
            return path
    raise UnreadableFile


def _chapters(package: Any, at: str) -> Iterator[str]:
    """Give the paths of the texts in the order in which they are read, each once."""
    items = {
        item.get("id"): (item.get("href") or "", item.get("media-type") or "")
        for item in package.iter("{*}item")
    }
    given: set[str] = set()
    for reference in package.iter("{*}itemref"):
        href, media_type = items.get(reference.get("idref"), ("", ""))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(at), unquote(href)))
        if media_type.lower() in _TEXTS and path not in given:
            given.add(path)
            yield path


def _leaves(archive: Archive, chapters: Iterator[str], limit: int) -> Iterator[Leaf]:
    locked = _locked(archive)
    for path in chapters:
        if path in locked:
            raise UnreadableFile("The book's text is locked by its seller (DRM).")
        # A book of which a chapter is missing is still a book.
        if path in archive.names:
            text = decoded(archive.read(path), is_markup=True)
            yield from divided(hypertext.read(text, is_xml=True).blocks, limit)


def _locked(archive: Archive) -> set[str]:
    """Return what is encrypted in the book; fonts often are."""
    if _ENCRYPTION not in archive.names:
        return set()
    root = parsed(archive.read(_ENCRYPTION))
    return {unquote(found.get("URI") or "") for found in root.iter("{*}CipherReference")}


def _said(package: Any) -> Said:
    facts: dict[str, str] = {}
    for metadata in package.iter("{*}metadata"):
        for element in metadata.iter():
            if text := plain(element.text or ""):
                facts.setdefault(local_name(element), text)
    return Said(facts.get("title"), facts.get("creator"), facts.get("date"))

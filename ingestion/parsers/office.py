"""What the packages of all Office programs have in common: parts, and how they refer to others."""

import posixpath

from data.file_errors import UnreadableFile
from ingestion.archives import Archive
from ingestion.parsers.leaves import Said
from ingestion.parsers.markup import local_name, parsed

_CORE = "docProps/core.xml"


def main_part(archive: Archive) -> str:
    """Return the path of the document, workbook or presentation; raises ``UnreadableFile``."""
    for path, kind in _relationships(archive, "").values():
        if kind == "officeDocument":
            return path
    raise UnreadableFile


def related(archive: Archive, part: str) -> dict[str, str]:
    """Return the paths of the parts that a part refers to, by the id that it knows them by."""
    return {name: path for name, (path, _) in _relationships(archive, part).items()}


def related_as(archive: Archive, part: str, kind: str) -> str | None:
    """Return the path of the first part that a part has as its "styles", "footnotes" and so on."""
    found = (path for path, is_kind in _relationships(archive, part).values() if is_kind == kind)
    return next((path for path in found if path in archive.names), None)


def core_properties(archive: Archive) -> Said:
    """Return what a package says of itself."""
    if _CORE not in archive.names:
        return Said()
    facts: dict[str, str] = {}
    for element in parsed(archive.read(_CORE)).iter():
        facts.setdefault(local_name(element), element.text or "")
    return Said(facts.get("title"), facts.get("creator"), facts.get("created"))


def _relationships(archive: Archive, part: str) -> dict[str, tuple[str, str]]:
    """Return the path of each part that is referred to, and the last word of its kind."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if path not in archive.names:
        return {}
    return {
        found.get("Id", ""): (
            posixpath.normpath(posixpath.join("/", folder, found.get("Target", ""))).lstrip("/"),
            found.get("Type", "").rpartition("/")[2],
        )
        for found in parsed(archive.read(path)).iter("{*}Relationship")
        if found.get("TargetMode") != "External"
    }

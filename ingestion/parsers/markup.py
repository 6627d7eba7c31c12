"""XML of strangers: nothing is fetched, no entity is resolved, no document type is loaded."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from data.file_errors import UnreadableFile


def parsed(data: bytes) -> Any:
    """Return the root of an XML document; raises ``UnreadableFile``."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableFile from error
    if root is None:
        raise UnreadableFile
    return root


def local_name(element: Any) -> str:
    """Return an element's name without its namespace; nothing for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str | None:
    """Return an attribute by its name, in whatever namespace."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return None


def elements(data: bytes, *names: str) -> Iterator[Any]:
    """Give the elements of these names as the document is read; each is forgotten after it.

    Raises ``UnreadableFile``.
    """
    found = etree.iterparse(
        BytesIO(data), events=("end",), tag=[f"{{*}}{name}" for name in names], no_network=True,
        resolve_entities=False, load_dtd=False, huge_tree=True, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    try:
        for _, element in found:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise UnreadableFile from error

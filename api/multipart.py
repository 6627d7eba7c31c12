"""A multipart form, parsed while it arrives: parts in any order, nothing kept but what is asked."""

from collections.abc import Callable
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState

from data.errors import Malformed

MOST_PARTS = 128
# Of a part that is no file.
FIELD_BYTES = 16 * 1024


class Part(Protocol):
    """Takes in the data of a part."""

    def write(self, data: bytes) -> None:
        """Take in the next bytes."""
        ...

    def end(self) -> None:
        """Take in that the part is complete."""
        ...


# Gives a part of this name and filename its place, or raises.
Open = Callable[[str, str | None], Part]


class MultipartForm:
    """Feeds the parts of a body to what ``open_part`` returns. Raises ``Malformed``."""

    def __init__(self, content_type: str, open_part: Open) -> None:
        self._open_part = open_part
        self._parts = 0
        self._header: list[bytes] = []
        self._value: list[bytes] = []
        self._disposition = b""
        self._part: Part | None = None
        try:
            self._parser = MultipartParser(
                _boundary(content_type),
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda d, s, e: self._header.append(d[s:e]),
                    "on_header_value": lambda d, s, e: self._value.append(d[s:e]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._open,
                    "on_part_data": self._write,
                    "on_part_end": self._end,
                },
            )
        except FormParserError as error:
            raise Malformed("The boundary of the form is too long.") from error

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise Malformed("The body is not a form (multipart/form-data).") from error

    def finish(self) -> None:
        """Take in that the body is complete."""
        if self._parser.state is not MultipartState.END:
            raise Malformed("The form breaks off before its end.")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Malformed(f"The form has more than {MOST_PARTS} parts.")
        self._disposition = b""

    def _end_header(self) -> None:
        if b"".join(self._header).strip().lower() == b"content-disposition":
            self._disposition = b"".join(self._value)
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        name, filename = disposition_of(self._disposition)
        self._part = self._open_part(name, filename)

    def _write(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None
        self._part.write(data[start:end])

    def _end(self) -> None:
        assert self._part is not None
        self._part.end()
        self._part = None


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise Malformed("Send the file as a form (multipart/form-data) with a boundary.")
    return boundary.encode("latin-1", "replace")


def disposition_of(header: bytes) -> tuple[str, str | None]:
    """Return the name and the filename of a part.

    Browsers and curl write UTF-8 as it is, other clients as RFC 5987 and 2231 say.
    """
    try:
        text = header.decode()
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    message = Message()
    message["Content-Disposition"] = text
    names: dict[str, str] = {}
    try:
        for name, value in message.get_params(header="content-disposition") or ():
            if isinstance(value, tuple):  # the extended form, which counts before the plain one
                names[name.lower()] = collapse_rfc2231_value(value, errors="replace")
            else:
                names.setdefault(name.lower(), value)
    except (ValueError, LookupError) as error:
        raise Malformed("A part of the form has a header that can't be read.") from error
    if "form-data" not in names or "name" not in names:
        raise Malformed("A part of the form has no name.")
    return names["name"], names.get("filename")

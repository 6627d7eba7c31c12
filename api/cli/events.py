"""Server-sent events, read from bytes that arrive in any pieces."""

import codecs
import re
from dataclasses import dataclass

from data.errors import ServerRefused

# An event of ours is far smaller; what never ends must not fill the memory.
LIMIT_CHARACTERS = 16 * 1024 * 1024
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    name: str
    data: str
    id: str | None = None


class EventReader:
    """Turn the bytes of a stream into its events, as the HTML standard reads them."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._after_return = False
        # The pieces of a line, and what the lines of an event said, until they are complete.
        self._line: list[str] = []
        self._data: list[str] = []
        self._name = ""
        self._id: str | None = None
        self._size = 0

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that this piece completes.

        Raises ``ServerRefused`` on an event that does not end.
        """
        text = self._decoder.decode(piece)
        if not text:
            return []
        if self._after_return:
            # The second half of a line's end of which the first one came before.
            text = text.removeprefix("\n")
        self._after_return = piece.endswith(b"\r")
        self._size += len(text)
        *ended, rest = LINE_END.split(text)
        events = []
        for line in ended:
            self._line.append(line)
            event = self._read("".join(self._line))
            self._line = []
            if event is not None:
                events.append(event)
                self._size = 0
        self._line.append(rest)
        if self._size > LIMIT_CHARACTERS:
            raise ServerRefused("The server sent an event without an end.")
        return events

    def _read(self, line: str) -> Event | None:
        """Take in a line; an empty one completes the event that has data."""
        if not line:
            return self._complete()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "":
                self._size = sum(map(len, self._data))  # a comment is not kept
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
        return None

    def _complete(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return Event(name, "\n".join(data), self._id) if data else None

"""A streamed chat completion, read event by event."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from data.errors import ModelUnavailable
from retrieval.models.model import Finish

_LONGEST_LINE = 1024 * 1024
# Of more that come at once the reader is behind, and gets them in one.
_MOST_PIECES = 16
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_DATA, _DONE = b"data:", b"[DONE]"


class Completion:
    """Takes an endpoint's bytes, gives the text in them, and knows how it ended."""

    def __init__(self, host: str) -> None:
        self._host = host
        # A line that has begun, in the pieces that it comes in.
        self._begun: list[bytes] = []
        self._begun_bytes = 0
        self._half = ""
        self._finish_reason: str | None = None
        self._usage: dict[str, int] = {}
        # Its end was announced: nothing that follows matters.
        self.ended = False
        # How many events said something, if only what the model thinks. Empty ones say nothing.
        self.signs = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of the text has come."""
        return self._finish_reason is not None

    def read(self, chunk: bytes) -> list[str]:
        """Return the texts of all events that are complete by now."""
        *lines, rest = chunk.split(b"\n")
        if self._begun:
            if self._begun_bytes + len(chunk) > _LONGEST_LINE:
                raise ModelUnavailable(f"The model at {self._host} sent an endless line.")
            if lines:
                lines[0] = b"".join((*self._begun, lines[0]))
                self._begun, self._begun_bytes = [], 0
        if rest:
            self._begun.append(rest)
            self._begun_bytes += len(rest)
        pieces: list[str] = []
        for line in lines:
            if line.startswith(_DATA) and not self.ended:
                payload = line[5:].strip()
                if payload == _DONE:
                    self.ended = True
                elif payload:
                    self._read_event(payload, pieces)
        if len(pieces) > _MOST_PIECES:
            pieces = ["".join(pieces)]
        return [text for piece in pieces if (text := self._whole(piece))]

    def close(self) -> Finish:
        """Return how it went, once the stream is at its end, or raise when it broke off."""
        if not self.signs and not self.ended:
            raise self._no_completion()
        if not self.ended and self._finish_reason is None:
            raise ModelUnavailable(
                f"The model at {self._host} broke off in the middle of its answer."
            )
        return Finish(self._usage, truncated=self._finish_reason == "length")

    def _read_event(self, payload: bytes, pieces: list[str]) -> None:
        try:
            event = _json_of(payload)
            if event.get("error"):
                raise ModelUnavailable(f"The model at {self._host} reported an error.")
            if usage := event.get("usage"):
                self._read_usage(usage)
            for choice in event.get("choices") or ():
                delta = choice.get("delta") or {}
                if content := delta.get("content"):
                    pieces.append(content if isinstance(content, str) else _text_in(content))
                    self.signs += 1
                elif any(said for name, said in delta.items() if name != "role"):
                    self.signs += 1
                if reason := choice.get("finish_reason"):
                    self._finish_reason = str(reason)
                    self.signs += 1
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise self._no_completion() from error

    def _read_usage(self, usage: Mapping[str, Any]) -> None:
        counts = {name: usage.get(name) for name in _COUNTS}
        self._usage = {name: n for name, n in counts.items() if isinstance(n, int)}

    def _no_completion(self) -> ModelUnavailable:
        return ModelUnavailable(
            f"The model at {self._host} sent something that is not a chat completion."
        )

    def _whole(self, text: str) -> str:
        """Return valid Unicode: some endpoints cut characters in two halves of UTF-16."""
        text, self._half = self._half + text, ""
        if text.isascii():
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text


def _json_of(payload: bytes) -> Any:
    """Return what an event says; half a character in it spoils no more than itself."""
    try:
        return from_json(payload)
    except ValueError:
        return json.loads(payload.decode("utf-8", "replace"))


def _text_in(parts: Any) -> str:
    """Return the text of an answer that comes in parts, next to what the model thinks."""
    return "".join(str(part["text"]) for part in parts if "text" in part)

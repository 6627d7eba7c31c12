"""A streamed chat completion, read event by event."""

import json
from typing import Any

from data.errors import ModelUnavailable
from retrieval.models.model import Finish

_LONGEST_LINE = 1024 * 1024
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class Completion:
    """Takes an endpoint's bytes, gives the text in them, and knows how it ended."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._line = b""
        self._half = ""
        self._finish_reason: str | None = None
        self._usage: dict[str, int] = {}
        # Its end was announced: nothing that follows matters.
        self.ended = False
        # How many events came, those without text (a model that thinks) included.
        self.events = 0

    def read(self, chunk: bytes) -> str:
        """Return the text of all events that are complete by now; it may be empty."""
        *lines, self._line = (self._line + chunk).split(b"\n")
        if len(self._line) > _LONGEST_LINE:
            raise ModelUnavailable(f"The model at {self._host} sent an endless line.")
        pieces: list[str] = []
        for line in lines:
            if not line.startswith(b"data:") or self.ended:
                continue
            payload = line[5:].strip().decode("utf-8", "replace")
            if payload == "[DONE]":
                self.ended = True
            elif payload:
                self._read_event(payload, pieces)
        return self._whole("".join(pieces)) if pieces else ""

    def close(self) -> Finish:
        """Return how it went, once the stream is at its end, or raise when it broke off."""
        self.read(b"\n")
        if not self.ended and self._finish_reason is None:
            raise ModelUnavailable(
                f"The model at {self._host} broke off in the middle of its answer."
            )
        return Finish(self._usage, truncated=self._finish_reason == "length")

    def _read_event(self, payload: str, pieces: list[str]) -> None:
        try:
            event = json.loads(payload)
            if event.get("error"):
                raise ModelUnavailable(f"The model at {self._host} reported an error.")
            self._read_usage(event.get("usage"))
            for choice in event.get("choices") or ():
                content = (choice.get("delta") or {}).get("content")
                if content:
                    pieces.append(str(content))
                self._finish_reason = choice.get("finish_reason") or self._finish_reason
        except (ValueError, AttributeError, TypeError) as error:
            raise ModelUnavailable(
                f"The model at {self._host} sent something that is not a chat completion."
            ) from error
        self.events += 1

    def _read_usage(self, usage: Any) -> None:
        if usage:
            counts = {name: usage.get(name) for name in _COUNTS}
            self._usage = {name: n for name, n in counts.items() if isinstance(n, int)}

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

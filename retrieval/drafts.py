"""The text of an answer while a model writes it, in the form in which it is shown."""

from data.errors import ModelUnavailable
from retrieval.links import LinkBreaker
from retrieval.markers import MarkerStream
from retrieval.models.model import Finish

# No model is meant to write more; one that never stops would fill the memory.
_MOST_CHARACTERS = 100_000


class Draft:
    """Takes what the model says, gives what can be shown: markers in one form, no links."""

    def __init__(self, sources: int) -> None:
        self._markers = MarkerStream(sources)
        self._links = LinkBreaker()
        self._pieces: list[str] = []
        self._length = 0
        self.finish = Finish()

    def add(self, piece: str | Finish) -> str:
        """Return what can be shown now that this came; it may be empty."""
        if isinstance(piece, Finish):
            self.finish = piece
            return ""
        return self._kept(self._links.feed(self._markers.feed(piece)))

    def rest(self) -> str:
        """Return what was held back, now that nothing more comes."""
        return self._kept(self._links.feed(self._markers.rest()) + self._links.rest())

    def text(self) -> str:
        """Return all that was shown."""
        return "".join(self._pieces)

    def _kept(self, text: str) -> str:
        if text:
            self._pieces.append(text)
            self._length += len(text)
            if self._length > _MOST_CHARACTERS:
                raise ModelUnavailable("The language model does not stop writing.")
        return text

"""What every language model is here: a name, and a stream of text for a question."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from retrieval.deadline import Deadline
from retrieval.passages import Passage, Turn


@dataclass(frozen=True, slots=True)
class Task:
    """What a model is asked: a question, the passages to answer it from, what was said before."""

    question: str
    passages: tuple[Passage, ...]
    history: tuple[Turn, ...] = ()
    # How the answer is to read: tone, length, form. Not a source.
    style: str = ""
    # What the question means without the conversation, for a model that can't read that.
    query: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The last thing that a model says, about itself."""

    usage: Mapping[str, int] = field(default_factory=dict)
    # It stopped at a limit on length, not because it was done.
    truncated: bool = False
    # Who wrote it, when that was not the model that was asked.
    model: str = ""
    # A weaker model wrote it because the others were away.
    degraded: bool = False


class Model(Protocol):
    """Writes answers. Passage n of the task is cited as ``[n]``."""

    @property
    def name(self) -> str:
        """The name by which clients ask for it."""
        ...

    def write(self, task: Task, deadline: Deadline) -> AsyncGenerator[str | Finish, None]:
        """Yield pieces of text (never empty), then one ``Finish``.

        Closing the generator, or cancelling whoever reads it, stops the generation at once.
        Raises ``ModelUnavailable`` or ``DeadlineExceeded``.
        """
        ...


@runtime_checkable
class Rewriter(Protocol):
    """A model that reads conversations, and can say what a follow-up means without them."""

    async def rewrite(self, question: str, history: tuple[Turn, ...], deadline: Deadline) -> str:
        """Return the question in words that need no conversation; whatever the model says.

        Raises ``ModelUnavailable``, or ``DeadlineExceeded`` also at a limit of its own.
        """
        ...

"""How far each file is, as bars on a terminal or as plain lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from api.cli.client import Answer
from api.cli.terminal import line

NAME_WIDTH = 32


class Display(Protocol):
    """What is told about the files that are on their way, each by its number."""

    def sent(self, number: int, name: str, done: int, total: int) -> None:
        """Show how many bytes of a file are with the server."""
        ...

    def indexed(self, number: int, name: str, job: Answer) -> None:
        """Show how far the job of a file is."""
        ...

    def ended(self, number: int, text: str) -> None:
        """Show what became of a file."""
        ...


class Bars:
    """One bar per file that is on its way; those that ended stand above as lines."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[int, TaskID] = {}

    def sent(self, number: int, name: str, done: int, total: int) -> None:
        """Move the bar with the bytes."""
        self._show(number, name, "uploading", done, total)

    def indexed(self, number: int, name: str, job: Answer) -> None:
        """Move the bar with the pages, or whatever the job counts."""
        progress = job["progress"]
        what = job["stage"] or job["state"]
        self._show(number, name, what, progress["done"], progress["total"])

    def ended(self, number: int, text: str) -> None:
        """Put a line in the place of the bar."""
        if number in self._tasks:
            self._progress.remove_task(self._tasks.pop(number))
        self._progress.console.print(Text(text), soft_wrap=True)

    def _show(self, number: int, name: str, what: str, done: int, total: int) -> None:
        if number not in self._tasks:
            self._tasks[number] = self._progress.add_task("")
        label = f"{short(name):<{NAME_WIDTH}} {what:<10}"
        # Without a total the bar only pulses.
        self._progress.update(
            self._tasks[number], description=label, completed=done, total=total or None
        )


class Lines:
    """A line when a file is with the server, at each stage, and when it ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stages: dict[int, str] = {}

    def sent(self, number: int, name: str, done: int, total: int) -> None:
        """Say so when all of a file was sent."""
        if done >= total:
            self._say(number, name, "uploaded")

    def indexed(self, number: int, name: str, job: Answer) -> None:
        """Say which stage has begun."""
        if job["stage"]:
            self._say(number, name, job["stage"])

    def ended(self, number: int, text: str) -> None:
        """Say what became of the file."""
        self._stages.pop(number, None)
        self._console.print(Text(text), soft_wrap=True)

    def _say(self, number: int, name: str, what: str) -> None:
        if self._stages.get(number) != what:
            self._stages[number] = what
            self._console.print(Text(f"{line(name)}: {what}"), soft_wrap=True)


@contextmanager
def displayed(console: Console) -> Iterator[Display]:
    """Yield bars on a terminal, lines elsewhere."""
    if not console.is_terminal:
        yield Lines(console)
        return
    description = TextColumn("{task.description}", markup=False)
    share = TextColumn("{task.percentage:>3.0f} %")
    columns = (description, BarColumn(), share, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)


def short(name: str) -> str:
    """Return a name that fits into its column, with its end, which tells more."""
    text = line(name)
    return text if len(text) <= NAME_WIDTH else "…" + text[1 - NAME_WIDTH :]

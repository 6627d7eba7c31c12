"""What people see: plain words on standard output, complaints on standard error."""

import contextlib
import unicodedata

import typer
from rich.console import Console


def say(text: str) -> None:
    """Print a line."""
    typer.echo(text)


def announce(text: str) -> None:
    """Print a line, unless nobody reads it any more: no reason for a server to end."""
    with contextlib.suppress(OSError):
        typer.echo(text)


def complain(text: str) -> None:
    """Print a line to standard error."""
    typer.echo(text, err=True)


def console() -> Console:
    """Return standard output as rich sees it: nothing that is printed is taken for markup."""
    return Console(markup=False, highlight=False, emoji=False)


def plain(text: str) -> str:
    """Return text of a document or a model without what could steer a terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))


def line(text: str) -> str:
    """Return such text on one line."""
    return " ".join(plain(text).split())


def write(text: str) -> None:
    """Print a piece of text at once."""
    typer.echo(text, nl=False)

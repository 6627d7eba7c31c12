"""The ``footnote`` command: every subcommand with its options."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli import configuration, intervening, listing
from api.cli import demo as tours
from api.cli.add import Wishes, told
from api.cli.add import add as add_files
from api.cli.ask import Question, answer
from api.cli.ask import ask as ask_question
from api.cli.collection import collected
from api.cli.reindex import reindex as reindex_library
from api.cli.running import run
from api.cli.target import Target, find
from api.cli.terminal import complain, say, write
from api.cli.up import serve
from data.errors import FootnoteError, Invalid
from data.settings import dotenv
from retrieval import converted

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Answers from your documents, with a footnote under every sentence.",
)
DOTENV = Path(".env")

Address = Annotated[
    str | None, typer.Option(help="The server; without it the one that runs on FOOTNOTE_HOME.")
]
KeyFile = Annotated[Path | None, typer.Option(help="A file with the key.", dir_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")]
Job = Annotated[str, typer.Argument(help="The job's id.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the file's password from stdin.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Only upload.")]
Library = Annotated[str | None, typer.Option(help="Only this library.")]


@app.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C."""
    serve(configuration.read(DOTENV), dotenv(DOTENV))


@app.command()
def demo() -> None:
    """Run everything, index the samples, and ask a question."""
    serve(configuration.read(DOTENV), dotenv(DOTENV), tour=True)


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders of them.")],
    *,
    library: Annotated[str | None, typer.Option(help="The library to add to.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be repeated.")] = None,
    password_stdin: PasswordStdin = False,
    no_wait: NoWait = False,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """Upload files and have them indexed; 1 if any failed."""
    wishes = Wishes(library, tuple(tag or ()), _password(asked=password_stdin), wait=not no_wait)
    if not run(add_files(_target(address, key_file), collected(files), wishes)):
        raise typer.Exit(1)


@app.command()
def replace(
    document: Annotated[str, typer.Argument(help="The document's id.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its new version.")],
    *,
    password_stdin: PasswordStdin = False,
    no_wait: NoWait = False,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """Upload a new version of a document; the old one answers until the new one is ready."""
    password = _password(asked=password_stdin)
    wishes = Wishes(password=password, wait=not no_wait, document=document)
    if not run(add_files(_target(address, key_file), [file], wishes)):
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    *,
    library: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    timeout: Annotated[int, typer.Option(min=1, max=600, help="Seconds.")] = 60,
    as_json: Json = False,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """Ask a question; the footnotes follow the answer."""
    target = _target(address, key_file)
    asked = Question(question, tuple(library or ()), timeout)
    if as_json:
        _print_json(run(answer(target, asked)))
    else:
        run(ask_question(target, asked, write))


@app.command()
def jobs(
    *,
    state: Annotated[str | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """List the background jobs, newest first."""
    target = _target(address, key_file)
    found = run(listing.listed(target, "/v1/jobs", limit, state=state))
    _print_json(found) if as_json else listing.show(found, listing.JOBS)


@app.command()
def cancel(job: Job, *, address: Address = None, key_file: KeyFile = None) -> None:
    """End a job that is not over."""
    run(intervening.cancel(_target(address, key_file), job))
    say("The job is cancelled. To go on with it: footnote retry")


@app.command()
def retry(
    job: Job,
    *,
    password_stdin: PasswordStdin = False,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """Queue a failed or cancelled job again; it goes on where it was."""
    password = _password(asked=password_stdin)
    run(intervening.retry(_target(address, key_file), job, password))
    say("The job is queued.")


@app.command()
def reindex(
    library: Annotated[str, typer.Argument(help="The library's name.")],
    *,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """Build a library's vector index anew from the stored vectors; 1 if that failed."""
    if not run(reindex_library(_target(address, key_file), library)):
        raise typer.Exit(1)


@app.command()
def documents(
    *,
    library: Library = None,
    state: Annotated[str | None, typer.Option(help="Only documents in this state.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only documents with this tag.")] = None,
    limit: Limit = 20,
    as_json: Json = False,
    address: Address = None,
    key_file: KeyFile = None,
) -> None:
    """List the documents, newest first."""
    target = _target(address, key_file)
    filters = {"library": library, "state": state, "tag": tag}
    found = run(listing.listed(target, "/v1/documents", limit, **filters))
    _print_json(found) if as_json else listing.show(found, listing.DOCUMENTS)


@app.command()
def migrate() -> None:
    """Bring the catalogue to this version, and make the first key where there is none."""
    from data import setup  # noqa: PLC0415 - SQLAlchemy and Alembic, which only this needs

    settings = configuration.read()
    if setup.prepare(settings):
        place = "FOOTNOTE_ADMIN_KEY" if settings.admin_key else settings.folder / "admin.key"
        say(f"The first admin key is the one in {place}.")


@app.command()
def doctor(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
    as_json: Json = False,
) -> None:
    """Compare all that is kept, both ways, while it is in use; 1 if anything differs."""
    from api.cli import doctor  # noqa: PLC0415 - Chroma and tantivy, which only this needs

    def tell(report: doctor.Report) -> None:
        if not as_json:
            doctor.show(report)

    report = doctor.examine(configuration.read(DOTENV), repair=repair, tell=tell)
    _print_json(report.as_json()) if as_json else doctor.show(report)
    if not report.is_clean:
        raise typer.Exit(1)


@app.command()
def purge(
    *,
    in_bytes: Annotated[
        bool, typer.Option("--bytes", help="Give back the room of what was deleted.")
    ] = False,
) -> None:
    """Rebuild what deleted vectors and rows left holes in, and print the bytes freed."""
    from api.cli import purge  # noqa: PLC0415 - Chroma, which only this needs

    if not in_bytes:
        raise Invalid("What is deleted is purged by itself. Say --bytes to shrink the files too.")
    if not purge.free_bytes(configuration.read(DOTENV)):
        raise typer.Exit(1)


@app.command()
def worker() -> None:
    """Index what was uploaded, until SIGTERM."""
    from workers import process  # noqa: PLC0415 - Celery, which only this needs

    raise typer.Exit(process.run(configuration.read()))


@app.command(hidden=True)
def prepare() -> None:
    """Convert the embedding model, where that was not done yet."""
    settings = configuration.read()
    converted.ensure(settings.embedder, settings.folder)


@app.command(hidden=True)
def tour() -> None:
    """Show what it does with the samples (a part of ``footnote demo``)."""
    if not run(tours.tour(_target(None, None))):
        raise typer.Exit(1)


def main() -> None:
    """Run a command; what goes wrong is a sentence and an exit code, never a traceback."""
    try:
        app()
    except FootnoteError as error:
        complain(told(error))
        sys.exit(2 if isinstance(error, Invalid) else 1)
    except KeyboardInterrupt:
        complain("Interrupted.")
        sys.exit(130)


def _target(address: str | None, key_file: Path | None) -> Target:
    return find(configuration.read(), address, key_file)


def _password(*, asked: bool) -> str | None:
    return sys.stdin.readline().rstrip("\r\n") if asked else None


def _print_json(found: object) -> None:
    say(json.dumps(found, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()

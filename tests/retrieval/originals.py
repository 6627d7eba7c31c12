"""Models as their makers publish them, and what sentence-transformers makes of texts with them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from data.contents import Vectors
from data.settings import EmbedderSettings, child_environment
from retrieval import converted

SENTENCES = (
    "The lease runs until 31 December 2027.",
    "What does the warranty cover?",
    "Rainfall in the valley was 40 % below the average of the last thirty years. " * 3,
    "A much longer text, which is cut off at the limit of the model. " * 60,
    "Überraschungen, 東京 and 🙂 belong to real files",
    "",
    "  \n\t ",
    "a\x00b",
)


def reference(folder: Path, texts: tuple[str, ...]) -> dict[str, Vectors]:
    """Return the vectors that sentence-transformers gives, by kind of text."""
    script = Path(__file__).with_name("reference.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        input=json.dumps(texts),
        env=child_environment(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false"),
        capture_output=True,
        text=True,
        check=True,
    )
    return {kind: np.array(rows, np.float32) for kind, rows in json.loads(done.stdout).items()}


def cosines(left: Vectors, right: Vectors) -> Vectors:
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / lengths, np.float32)


def variant(folder: Path, **files: object) -> Path:
    """Return a folder with the packaged model in which some JSON files are others."""
    original = converted.packaged_folder()
    for file in original.rglob("*"):
        target = folder / file.relative_to(original)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".safetensors":
            target.symlink_to(file)
        elif file.is_file():
            target.write_bytes(file.read_bytes())
    for name, content in files.items():
        path = folder / {
            "pooling": "1_Pooling/config",
            "settings": "config_sentence_transformers",
        }.get(name, name)
        path.with_suffix(".json").write_text(json.dumps(content))
    return folder


Model = tuple[Path, EmbedderSettings]


def module(number: int, path: str, kind: str) -> dict[str, object]:
    return {"idx": number, "name": str(number), "path": path, "type": kind}


MODELS = "sentence_transformers.models"
TRANSFORMER = module(0, "", f"{MODELS}.Transformer")
POOLING = module(1, "1_Pooling", f"{MODELS}.Pooling")

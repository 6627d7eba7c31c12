"""What the API process loads: nothing that parses files, trains models or runs tasks."""

import json
import subprocess
import sys
from pathlib import Path

FORBIDDEN = {
    "aiohttp",
    "langchain",
    "langchain_core",
    "langchain_text_splitters",
    "pypdfium2",
    "sentence_transformers",
    "torch",
    "transformers",
    "workers.tasks",
}


def test_the_api_loads_none_of_the_workers_libraries(root: Path) -> None:
    program = "import api.app, json, sys; print(json.dumps(sorted(sys.modules)))"

    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=root, check=True, capture_output=True, text=True
    ).stdout

    assert set(json.loads(loaded)) & FORBIDDEN == set()

"""What Prometheus is told by several processes."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from api.metrics import Metrics
metrics = Metrics(Path(sys.argv[1]))
if sys.argv[2] == "serve":
    metrics.note_request("/v1/ask", "POST", 200, 0.1)
    metrics.note_answers(1)
    metrics.note_waiting(2)
    metrics.note_refusal()
    metrics.note_batch(3)
    if sys.argv[3] == "close":
        metrics.close()
else:
    print(metrics.text({"queued": 2}).decode())
"""


def run(folder: Path, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), *words],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_any_process_tells_what_all_have_done(tmp_path: Path) -> None:
    run(tmp_path, "serve", "close")
    run(tmp_path, "serve", "close")
    text = run(tmp_path, "tell")

    assert 'footnote_requests_total{method="POST",route="/v1/ask",status="200"} 2.0' in text
    assert "footnote_batch_texts_sum 6.0" in text
    assert "footnote_answers_refused_total 2.0" in text
    assert 'footnote_jobs{state="queued"} 2.0' in text


def test_answers_of_a_process_that_was_killed_run_no_more(tmp_path: Path) -> None:
    run(tmp_path, "serve", "leave")
    text = run(tmp_path, "tell")

    assert "footnote_requests_total" in text
    assert "footnote_answers_running 1.0" not in text
    assert "footnote_answers_waiting 2.0" not in text

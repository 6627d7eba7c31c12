"""What Prometheus is told. Labels are few and fixed: no ids, no names."""

import os
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SIZES = (1, 2, 4, 8, 12, 16)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MOST_STAGES = 32


class Metrics:
    """Counts what this process does, and tells what all processes of this host have done."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        registry = self._registry = CollectorRegistry()
        self._stages: set[str] = set()
        self._requests = Counter(
            "footnote_requests", "Requests", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "footnote_request_seconds",
            "From the request's head to the response's end",
            ["route", "method"],
            buckets=FAST,
            registry=registry,
        )
        self._open_answers(registry)
        self._stage = Histogram(
            "footnote_stage_seconds",
            "Stages of searches and answers",
            ["stage"],
            buckets=FAST,
            registry=registry,
        )
        self._upload_bytes = Counter(
            "footnote_upload_bytes", "Bytes of accepted files", registry=registry
        )
        self._batches = Histogram(
            "footnote_batch_texts", "Texts encoded at once", buckets=SIZES, registry=registry
        )

        self._breaker = Gauge(
            "footnote_model_breaker",
            "Whether a language model's endpoint, by its place in the order, is left alone: 0 no, "
            "0.5 it is being tried, 1 yes",
            ["endpoint"],
            multiprocess_mode="livemax",
            registry=registry,
        )

    def _open_answers(self, registry: CollectorRegistry) -> None:
        self._answers = Gauge(
            "footnote_answers_running", "Answers", multiprocess_mode="livesum", registry=registry
        )
        self._waiting = Gauge(
            "footnote_answers_waiting",
            "Questions in the line",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._refused = Counter(
            "footnote_answers_refused", "Questions that got no place", registry=registry
        )
        self._ended = Counter(
            "footnote_answers",
            "Answers by how they ended: done, abstained, left, or the code of their error",
            ["outcome"],
            registry=registry,
        )
        self._resumed = Counter(
            "footnote_answers_resumed", "Times that an answer was taken up", registry=registry
        )
        self._first_token = Histogram(
            "footnote_first_token_seconds",
            "From the question to the first word",
            buckets=FAST,
            registry=registry,
        )

    def note_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Note a request that is over; status 0: it was cancelled before it was answered."""
        method = method if method in METHODS else "other"
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def note_stages(self, timings_ms: Mapping[str, float]) -> None:
        """Note how long the stages of a search or an answer took."""
        for stage, milliseconds in timings_ms.items():
            if stage in self._stages or len(self._stages) < MOST_STAGES:
                self._stages.add(stage)
                self._stage.labels(stage).observe(milliseconds / 1000)

    def note_first_token(self, seconds: float) -> None:
        """Note how long the first word of an answer took."""
        self._first_token.observe(seconds)

    def note_upload(self, size: int) -> None:
        """Note a file that was accepted."""
        self._upload_bytes.inc(size)

    def note_batch(self, texts: int) -> None:
        """Note how many texts were encoded at once."""
        self._batches.observe(texts)

    def note_breaker(self, place: int, state: float) -> None:
        """Note how an endpoint stands: 0 closed, 0.5 half-open, 1 open."""
        self._breaker.labels(str(place)).set(state)

    def note_answers(self, change: int) -> None:
        """Note that an answer began (1) or ended (-1)."""
        self._answers.inc(change)

    def note_waiting(self, waiting: int) -> None:
        """Note how long the line of this process is."""
        self._waiting.set(waiting)

    def note_refusal(self) -> None:
        """Note a question that was refused, or turned out of the line."""
        self._refused.inc()

    def note_outcome(self, outcome: str) -> None:
        """Note how an answer ended: ``done``, ``abstained``, ``left``, or an error's code."""
        self._ended.labels(outcome).inc()

    def note_resumed(self) -> None:
        """Note that somebody takes up an answer."""
        self._resumed.inc()

    def text(self, jobs_by_state: Mapping[str, int]) -> bytes:
        """Return everything in Prometheus's text format."""
        registry = self._registry
        if self._folder:
            self._forget_the_dead(self._folder)
            registry = CollectorRegistry()
            # These three calls are of functions that prometheus_client ships without types.
            MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]  # has no types
        counted = CollectorRegistry()
        counted.register(_Jobs(jobs_by_state))
        return generate_latest(registry) + generate_latest(counted)

    def _forget_the_dead(self, folder: Path) -> None:
        """Take no account of the live numbers of processes that were killed."""
        for file in folder.glob("gauge_live*_*.db"):
            process = file.stem.rpartition("_")[2]
            if process.isdigit() and not Path(f"/proc/{process}").exists():
                mark_process_dead(int(process), path=str(folder))  # type: ignore[no-untyped-call]  # has no types

    def close(self) -> None:
        """Take back the live numbers of this process."""
        if self._folder:
            mark_process_dead(os.getpid(), path=str(self._folder))  # type: ignore[no-untyped-call]  # has no types


class _Jobs(Collector):
    """The jobs as the catalogue counts them: the same for whichever process is asked."""

    def __init__(self, by_state: Mapping[str, int]) -> None:
        self._by_state = by_state

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the one metric."""
        family = GaugeMetricFamily("footnote_jobs", "Jobs by state", labels=["state"])
        for state, jobs in self._by_state.items():
            family.add_metric([state], jobs)
        return [family]

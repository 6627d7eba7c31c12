"""Texts to vectors, on a converted model that runs in OpenVINO."""

import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import openvino
from tokenizers import Tokenizer

from data.contents import Vector, Vectors
from data.settings import EmbedderSettings
from data.setup_errors import EmbedderInvalid
from retrieval import converted
from retrieval.converted import ConvertedModel

logger = logging.getLogger(__name__)

# So many texts are cut into tokens at a time; the model works on the last ones meanwhile.
WINDOW = 64
# Padded lengths are multiples of this. OpenVINO keeps kernels for each shape that it has seen:
# 1,300 chunks of every length left 170 MB behind, in steps of 8 65 MB, at 1 % more work.
LENGTH_STEP = 8
# Questions are short: most have less than half the padding in steps of 4, and few lengths.
SHORT, SHORT_STEP = 32, 4
# What a call of the model costs beyond its tokens, in tokens (1.2 ms at 0.07 ms each).
CALL_TOKENS = 16
# bf16 gives 0.9999; what is below is not the same model.
MIN_PROBE_COSINE = 0.99


class Embedder:
    """A model that is loaded and warm. Its methods may be called from any thread.

    One call encodes at a time; the others wait, also for the tokenizer, which is not thread safe.
    """

    def __init__(
        self, settings: EmbedderSettings, folder: Path, model: ConvertedModel, *, throughput: bool
    ) -> None:
        self._settings = settings
        self._model = model
        self._encoding = threading.Lock()
        self._cutting = threading.Lock()
        self._tokenizer = _tokenizer(folder)
        self._tokenizer.enable_truncation(model.max_tokens)
        # Of its own, because truncation is a state of the tokenizer.
        self._untruncated = _tokenizer(folder)
        compiled = _compile(settings, folder, throughput=throughput)
        self.precision: str = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        streams = int(compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        # Two for each stream: one runs while the next is handed over.
        self._queue: Any = openvino.AsyncInferQueue(compiled, 2 * streams if throughput else 1)

    @classmethod
    def open(cls, settings: EmbedderSettings, home: Path, *, throughput: bool) -> Self:
        """Return an embedder that is warm, after converting its model at the very first start.

        For many texts at a time (``throughput``) or for the shortest wait. Raises
        ``EmbedderInvalid``. A converted model that is damaged is converted anew, once.
        """
        folder = converted.ensure(settings, home)
        try:
            return cls._load(settings, folder, throughput=throughput)
        except (EmbedderInvalid, OSError) as error:  # OSError: someone else removes it just now
            logger.warning("converted model is damaged", extra={"reason": str(error)})
        shutil.rmtree(folder, ignore_errors=True)
        folder = converted.ensure(settings, home)
        return cls._load(settings, folder, throughput=throughput)

    @classmethod
    def _load(cls, settings: EmbedderSettings, folder: Path, *, throughput: bool) -> Self:
        """Return a warm embedder that gives the original's vectors."""
        model = ConvertedModel.read(folder)
        if model is None:
            raise EmbedderInvalid(f"The converted model in {folder} is not whole.")
        embedder = cls(settings, folder, model, throughput=throughput)
        if not embedder._is_true():
            embedder.close()
            raise EmbedderInvalid(
                f"The converted model in {folder} does not give the vectors of {settings.model}."
            )
        return embedder

    @property
    def fingerprint(self) -> str:
        """What makes vectors comparable; stored with every library."""
        return self._model.fingerprint

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return self._model.dimensions

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, special ones included; the rest is not."""
        return self._model.max_tokens

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts that are to be found."""
        return self._encode([self._model.document_prompt + text for text in texts])

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts that search."""
        return self._encode([self._model.query_prompt + text for text in texts])

    def token_starts(self, text: str) -> list[int]:
        """Return the character offset of each token of the whole text, without special ones."""
        with self._cutting:
            encoding = self._untruncated.encode(_encodable(text), add_special_tokens=False)
        return [start for start, _ in encoding.offsets]

    def close(self) -> None:
        """Give the model's memory back; what is being encoded is finished first."""
        with self._encoding:
            self._queue = None

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)

        def keep(request: Any, rows: list[int]) -> None:
            vectors[rows] = request.get_output_tensor(0).data

        # The longest first: the short ones at the end keep all streams busy to the last.
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]), reverse=True)
        with self._encoding:
            self._queue.set_callback(keep)
            try:
                for start in range(0, len(order), WINDOW):
                    for rows, tokens in self._batches(texts, order[start : start + WINDOW]):
                        self._queue.start_async(self._padded(tokens), rows)
            finally:
                self._queue.wait_all()
        if self._model.normalised:  # the graph did, in bf16
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _batches(
        self, texts: Sequence[str], rows: Sequence[int]
    ) -> Iterator[tuple[list[int], list[list[int]]]]:
        """Cut texts into tokens and yield those of like length together, with their rows."""
        with self._cutting:
            encodings = self._tokenizer.encode_batch_fast([_encodable(texts[row]) for row in rows])
        tokens = [encoding.ids for encoding in encodings]
        order = sorted(range(len(rows)), key=lambda number: len(tokens[number]))
        lengths = [self._padded_length(len(tokens[number])) for number in order]
        for start, end in reversed(partition(lengths, self._settings.batch_tokens)):
            batch = order[start:end]
            yield [rows[number] for number in batch], [tokens[number] for number in batch]

    def _padded(self, tokens: list[list[int]]) -> list[npt.NDArray[np.int64]]:
        """Return token numbers and attention mask as the model takes them."""
        shape = len(tokens), self._padded_length(max(map(len, tokens)))
        numbers = np.full(shape, self._model.pad_token, np.int64)
        mask = np.zeros(shape, np.int64)
        for row, text in enumerate(tokens):
            numbers[row, : len(text)] = text
            mask[row, : len(text)] = 1
        return [numbers, mask]

    def _padded_length(self, tokens: int) -> int:
        """Return the length to which a text is padded at least; no model has positions beyond."""
        step = SHORT_STEP if tokens <= SHORT else LENGTH_STEP
        return min(-(-tokens // step) * step, self._model.max_tokens)

    def _is_true(self) -> bool:
        """Warm up with a short text and full batches, and compare with the original's vector."""
        full = 2 * max(1, self._settings.batch_tokens // self._model.max_tokens)
        long = converted.PROBE * self._model.max_tokens
        vectors = self._encode([converted.PROBE, *[long[: 8 * self._model.max_tokens]] * full])
        probe: Vector = np.array(self._model.probe, np.float32)
        if vectors.shape[1:] != probe.shape:
            return False
        norms = np.linalg.norm(vectors[0]) * np.linalg.norm(probe)
        return bool(vectors[0] @ probe >= MIN_PROBE_COSINE * norms > 0)


def partition(lengths: Sequence[int], budget: int) -> list[tuple[int, int]]:
    """Return the ranges of ascending ``lengths`` that cost the least together.

    A batch costs its padded tokens and its call. It has at most ``budget`` padded tokens, or one
    text.
    """
    costs = [0]
    starts: list[int] = []
    for end in range(1, len(lengths) + 1):
        longest = lengths[end - 1]
        first = max(0, end - max(1, budget // max(1, longest)))
        cost, start = min(
            (costs[start] + longest * (end - start) + CALL_TOKENS, start)
            for start in range(first, end)
        )
        costs.append(cost)
        starts.append(start)
    ranges = []
    end = len(lengths)
    while end:
        ranges.append((starts[end - 1], end))
        end = starts[end - 1]
    return ranges[::-1]


def _tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_str((folder / converted.TOKENIZER).read_text("utf-8"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _encodable(text: str) -> str:
    """Return ``text`` with a "?" for each half of a surrogate pair, which tokenizers refuses."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _compile(settings: EmbedderSettings, folder: Path, *, throughput: bool) -> Any:
    options: dict[str, object] = {"PERFORMANCE_HINT": "THROUGHPUT" if throughput else "LATENCY"}
    if settings.threads:
        options["INFERENCE_NUM_THREADS"] = settings.threads
    core = openvino.Core()
    try:
        return core.compile_model(core.read_model(folder / converted.GRAPH), "CPU", options)
    except RuntimeError as error:
        raise EmbedderInvalid(f"OpenVINO can't load the converted model: {error}") from error

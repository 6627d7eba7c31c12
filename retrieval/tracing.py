"""The only module that loads torch: a model, run once, becomes a graph."""

from dataclasses import dataclass
from pathlib import Path

import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Normalize
from sentence_transformers.sentence_transformer.modules import Pooling

from data.setup_errors import EmbedderInvalid
from retrieval.converted import GRAPH, PROBE, TOKENIZER

POOLINGS = ("mean", "cls")


@dataclass(frozen=True, slots=True)
class Traced:
    """What the graph does not say about the model."""

    pooling: str
    normalised: bool
    max_tokens: int | None
    pad_token: int
    query_prompt: str
    document_prompt: str
    probe: tuple[float, ...]


class Whole(torch.nn.Module):
    """A model with its pooling and normalisation, from token numbers to vectors."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return the vectors of padded texts."""
        features = {"input_ids": input_ids, "attention_mask": attention_mask}
        vectors: torch.Tensor = self.model(features)["sentence_embedding"]
        return vectors


def trace(source: Path, folder: Path) -> Traced:
    """Write the graph and the tokenizer of the model in ``source`` into ``folder``."""
    model = _load(source)
    pooling, normalised = _ending(model)
    tokenizer = getattr(model.tokenizer, "backend_tokenizer", None)
    if tokenizer is None:
        raise EmbedderInvalid("It has no fast tokenizer (tokenizer.json).")
    tokenizer.save(str(folder / TOKENIZER))
    # Two texts of different lengths, so that the trace holds the mask.
    example = model.tokenizer(["a b", "a b c d"], padding=True, return_tensors="pt")
    # Not openvino.convert_model, which tells Intel about each conversion unless CI is set.
    # The frontend reads from the decoder while it converts: it has to live as long.
    decoder = TorchScriptPythonDecoder(
        Whole(model), example_input=(example["input_ids"], example["attention_mask"])
    )
    frontend = FrontEndManager().load_by_framework("pytorch")
    graph = frontend.convert(frontend.load(decoder))
    openvino.save_model(graph, folder / GRAPH, compress_to_fp16=False)
    return Traced(
        pooling=pooling,
        normalised=normalised,
        max_tokens=model.get_max_seq_length(),
        pad_token=model.tokenizer.pad_token_id or 0,
        query_prompt=_prompt(model, "query"),
        document_prompt=_prompt(model, "document", "passage", "corpus"),
        probe=tuple(model.encode(PROBE, prompt="", show_progress_bar=False).tolist()),
    )


def _load(source: Path) -> SentenceTransformer:
    try:
        model = SentenceTransformer(
            str(source),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )
    except (OSError, ValueError, LookupError, RuntimeError, ImportError) as error:
        raise EmbedderInvalid(f"sentence-transformers can't load it: {error}") from error
    return model.eval()


def _ending(model: SentenceTransformer) -> tuple[str, bool]:
    """Return how token vectors become one, and whether that has unit length."""
    poolings = [module for module in model if isinstance(module, Pooling)]
    if len(poolings) != 1 or poolings[0].pooling_mode not in POOLINGS:
        modes = [module.pooling_mode for module in poolings]
        raise EmbedderInvalid(f"Its pooling {modes} is not one of {', '.join(POOLINGS)}.")
    if not poolings[0].include_prompt:
        raise EmbedderInvalid("Its pooling leaves out the prompt, which is not supported.")
    return poolings[0].pooling_mode, any(isinstance(module, Normalize) for module in model)


def _prompt(model: SentenceTransformer, *names: str) -> str:
    """Return the first prompt among ``names`` that says something.

    sentence-transformers adds an empty "document" to every model, behind which its own
    ``encode_document`` no longer sees a "passage".
    """
    return next((model.prompts[name] for name in names if model.prompts.get(name)), "")

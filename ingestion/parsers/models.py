"""The models that read pictures: PP-OCR's, from the package rapidocr, run by onnxruntime.

Only the weights of that package are used; its own code would download what it does not find.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from ingestion.parsers.rendering import OcrFailed

Floats = npt.NDArray[np.float32]


class Model:
    """A network that is loaded, and runs on one thread."""

    def __init__(self, name: str) -> None:
        options = onnxruntime.SessionOptions()
        # Two parser processes run side by side.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Inputs of many sizes: what an arena and its patterns keep would only grow.
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        # Nothing but what ends the process: errors are raised.
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                str(_folder() / name), options, providers=["CPUExecutionProvider"]
            )
        except _FAILURES as error:
            raise OcrFailed(f"The model {name} can't be loaded.") from error
        self._input = self._session.get_inputs()[0].name

    @property
    def characters(self) -> list[str]:
        """What the classes of a recognising model stand for; the first is none."""
        known = self._session.get_modelmeta().custom_metadata_map["character"]
        return ["", *known.split("\n"), " "]

    def run(self, batch: Floats) -> Floats:
        """Return the network's answer, or raise ``OcrFailed``, for example without memory."""
        try:
            answer: Floats = self._session.run(None, {self._input: batch})[0]
        except _FAILURES as error:
            raise OcrFailed("The model can't be run.") from error
        return answer


def _folder() -> Path:
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise OcrFailed("The package rapidocr is not installed.")
    return Path(next(iter(spec.submodule_search_locations))) / "models"


# They have no base of their own.
_FAILURES = (
    failures.Fail,
    failures.InvalidArgument,
    failures.InvalidGraph,
    failures.InvalidProtobuf,
    failures.NoSuchFile,
    failures.NotImplemented,
    failures.RuntimeException,
    MemoryError,
)

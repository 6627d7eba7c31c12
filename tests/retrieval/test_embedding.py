import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from data.contents import Vectors
from data.settings import EmbedderSettings
from retrieval import converted
from retrieval.embedding import Embedder, partition
from tests.retrieval.originals import SENTENCES, cosines, reference


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


class TestPartition:
    def test_keeps_texts_of_like_length_together(self) -> None:
        assert partition([8] * 15 + [256], 1024) == [(0, 15), (15, 16)]

    def test_does_not_call_the_model_for_every_text(self) -> None:
        assert partition([8, 9, 10, 11], 1024) == [(0, 4)]

    def test_stays_within_the_budget_or_takes_one_text(self) -> None:
        assert partition([100, 100, 100, 500], 200) == [(0, 1), (1, 3), (3, 4)]

    def test_cuts_nothing_into_nothing(self) -> None:
        assert partition([], 1024) == []

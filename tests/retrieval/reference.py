"""Print what sentence-transformers itself makes of texts: ``reference.py FOLDER`` < JSON list.

A process of its own, because torch would stay in the one that runs the tests.
"""

import json
import sys

from sentence_transformers import SentenceTransformer

if __name__ == "__main__":
    model = SentenceTransformer(sys.argv[1], device="cpu", local_files_only=True)
    texts = json.load(sys.stdin)
    vectors = {
        "documents": model.encode_document(texts, show_progress_bar=False).tolist(),
        "queries": model.encode_query(texts, show_progress_bar=False).tolist(),
    }
    sys.stdout.write(json.dumps(vectors))

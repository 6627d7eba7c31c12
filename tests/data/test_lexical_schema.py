"""What the lexical index keeps of a document."""

import pytest

from data.contents import StoredChunk
from data.lexical_schema import documents_of


@pytest.mark.parametrize(
    ("filename", "words"),
    [("gannet_rock.pdf", "gannet rock"), ("gannet rock", "gannet rock"), ("v1.2.pdf", "v1.2")],
)
def test_the_face_of_a_document_has_the_words_of_its_file(filename: str, words: str) -> None:
    chunk = StoredChunk(
        "doc-1-0", "doc", "lib", "default", 1, filename, "Title", 0, 1, ((0, 4),), "", "Text"
    )

    *_, document = documents_of([("workspace", chunk)])

    assert document["face"] == [f"{words}\nTitle\nText"]

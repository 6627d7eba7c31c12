"""Pages and passages that tests make up, kept as the catalogue would keep them."""

import numpy as np

from data.boxes import pack
from data.contents import Page
from retrieval.citations import PageKey
from retrieval.passages import Found, Passage, Question, Scope, Span, Turn


class Shelf:
    """Documents of a few pages, and a search that finds what a test says."""

    def __init__(self) -> None:
        self.pages: dict[PageKey, Page] = {}
        self.passages: list[Passage] = []
        self.best_similarity: float | None = 0.9
        self.ready = True
        self.reads: list[list[PageKey]] = []
        self.queries: list[str] = []

    def put(self, text: str, document_id: str = "d1", page: int = 1) -> Passage:
        """Add a passage that is the whole text of a page but its first and last line."""
        whole = f"Running header\n{text}\n{page}"
        start = len("Running header\n")
        self.put_page(whole, document_id, page)
        return self.put_spans([Span(page, start, start + len(text))], document_id)

    def put_page(self, text: str, document_id: str = "d1", page: int = 1) -> None:
        """Add a page, each character right of the one before."""
        edges = np.linspace(0.1, 0.9, len(text) + 1, dtype=np.float32)
        tops = np.full(len(text), 0.1, dtype=np.float32)
        boxes = np.stack([edges[:-1], tops, edges[1:], tops + np.float32(0.02)], axis=1)
        self.pages[document_id, 1, page] = Page(page, text, pack(boxes))

    def put_spans(self, spans: list[Span], document_id: str = "d1") -> Passage:
        """Add a passage of ranges of pages that are there."""
        texts = [self.pages[document_id, 1, s.page].text[s.start : s.end] for s in spans]
        passage = Passage(
            chunk_id=f"{document_id}:1:{len(self.passages)}",
            document_id=document_id,
            version=1,
            filename=f"{document_id}.pdf",
            title=None,
            library="default",
            page=spans[0].page,
            page_end=spans[-1].page,
            section="",
            text="\n".join(texts),
            score=1 / (len(self.passages) + 1),
            ranks={"dense": len(self.passages) + 1},
            spans=tuple(spans),
        )
        self.passages.append(passage)
        return passage

    async def read_pages(self, workspace: str, keys: list[PageKey]) -> dict[PageKey, Page]:
        assert workspace == "w"
        self.reads.append(keys)
        return {key: self.pages[key] for key in keys if key in self.pages}

    async def passages_for_answer(
        self, scope: Scope, query: str, limit: int, *, second_look: bool
    ) -> Found:
        assert scope.workspace == "w"
        self.queries.append(query)
        passages = tuple(self.passages[:limit])
        return Found(passages, {"dense": 1.0}, self.best_similarity, self.ready)


def ask(
    question: str, timeout_seconds: float = 10.0, model: str | None = None, earlier: str = ""
) -> Question:
    """Return a question as the API would put it, after an earlier one if there was one."""
    turns = (Turn("user", earlier), Turn("assistant", "It was so [1].")) if earlier else ()
    return Question(Scope("w"), question, turns, timeout_seconds=timeout_seconds, model=model)

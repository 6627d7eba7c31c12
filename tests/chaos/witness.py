"""Somebody who reads while everything dies: what is shown is whole, or it is not shown."""

import random

from tests.chaos.background import Background
from tests.chaos.papers import Paper
from tests.chaos.story import Story

PAUSE_SECONDS = 0.5


class Witness(Background):
    """Lists and searches, and notes what must never be seen."""

    def __init__(self, story: Story, papers: list[Paper], seed: int) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.looks = 0
        self._story = story
        self._papers = {paper.name: paper for paper in papers}
        self._dice = random.Random(f"witness {seed}")
        self._ready: set[str] = set()

    def run(self) -> None:
        while not self.ended.wait(PAUSE_SECONDS):
            # Read before asking: what is deleted while the answer is made may be in it.
            deleted = {promise.document_id for promise in self._story.deleted}
            self._list(deleted)
            self._search(deleted)
            self.looks += 1

    def _list(self, deleted: set[str]) -> None:
        for document in self._story.client.everything("/v1/documents"):
            name, state = document["filename"], document["state"]
            if document["id"] in deleted:
                self.seen.append(f"{name} was listed after it was deleted")
            if state == "ready" and document["pages"] != self._papers[name].pages:
                self.seen.append(f"{name} was shown with {document['pages']} pages")
            if document["id"] in self._ready and state != "ready":
                self.seen.append(f"{name} was ready, and then {state}")
            if state == "ready":
                self._ready.add(document["id"])

    def _search(self, deleted: set[str]) -> None:
        paper = self._dice.choice(list(self._papers.values()))
        for passage in self._story.client.search(paper.fact):
            if passage["document_id"] in deleted:
                self.seen.append(f"{passage['filename']} was found after it was deleted")

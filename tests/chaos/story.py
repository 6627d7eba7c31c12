"""What the clients do in a run: twenty uploads, and what people do to some of them meanwhile."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.chaos.papers import Paper
from tests.chaos.patient_client import Accepted, PatientClient

CLIENTS = 8
# Of the run: everything is uploaded by then.
UPLOADED_BY = 0.6

Step = Callable[[], object]


class Story:
    """Decided by its seed: which paper comes when, and what becomes of it."""

    def __init__(
        self, client: PatientClient, papers: list[Paper], seed: int, seconds: float
    ) -> None:
        self.client = client
        # What the library holds at the end, by the files' names.
        self.expected = {paper.name: paper for paper in papers}
        self.deleted: list[Accepted] = []
        self._dice = random.Random(f"story {seed}")
        self._began = time.monotonic()
        self._plan = self._planned(papers, seconds)

    def tell(self) -> None:
        """Do all of it; returns when every step is done."""
        self._began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            for done in clients.map(self._at, sorted(self._plan, key=lambda step: step[0])):
                assert done

    def _planned(self, papers: list[Paper], seconds: float) -> list[tuple[float, Step]]:
        steps: list[Callable[[Paper], object]] = [
            *(self._delete, self._repeat, self._replace_at_once, self._replace_when_ready),
            self._cancel_and_retry,
        ]
        chosen = self._dice.sample([paper for paper in papers if paper.is_middling], len(steps))
        special = dict(zip((paper.name for paper in chosen), steps, strict=True))
        return [
            (
                self._dice.uniform(0, UPLOADED_BY * seconds),
                partial(special.get(paper.name, self.client.upload), paper),
            )
            for paper in papers
        ]

    def _at(self, planned: tuple[float, Step]) -> bool:
        moment, step = planned
        time.sleep(max(0.0, self._began + moment - time.monotonic()))
        step()
        return True

    def _a_moment(self) -> None:
        time.sleep(self._dice.uniform(0, 3))

    def _delete(self, paper: Paper) -> None:
        promise = self.client.upload(paper)
        self._a_moment()
        answer = self.client.send("DELETE", f"/v1/documents/{promise.document_id}")
        # 404: an earlier try was heard, though its answer was not.
        assert answer.status_code in (204, 404), answer.text
        del self.expected[paper.name]
        self.deleted.append(promise)

    def _repeat(self, paper: Paper) -> None:
        first = self.client.upload(paper)
        self._a_moment()
        assert self.client.upload(paper).document_id == first.document_id

    def _replace_at_once(self, paper: Paper) -> None:
        self._replace(self.client.upload(paper))

    def _replace_when_ready(self, paper: Paper) -> None:
        promise = self.client.upload(paper)
        self.client.finished(promise.job_id)
        self._replace(promise)

    def _replace(self, promise: Accepted) -> None:
        amended = promise.paper.as_amended()
        self.client.replace(promise.document_id, amended)
        self.expected[amended.name] = amended

    def _cancel_and_retry(self, paper: Paper) -> None:
        promise = self.client.upload(paper)
        self._a_moment()
        job = f"/v1/jobs/{promise.job_id}"
        # 409: it is final already, or an earlier try was heard.
        assert self.client.send("POST", f"{job}/cancel").status_code in (202, 409)
        self._a_moment()
        assert self.client.send("POST", f"{job}/retry", json={}).status_code in (202, 409)

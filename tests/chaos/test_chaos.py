"""Whatever dies: what was accepted is indexed once, wholly, and shown only then."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx

from tests.chaos import invariant
from tests.chaos.digests import Digest, catalogue
from tests.chaos.mischief import Measure, Mischief
from tests.chaos.papers import Paper
from tests.chaos.patient_client import PatientClient
from tests.chaos.story import Story
from tests.chaos.witness import Witness
from tests.running_stack import RunningStack

RECOVERY_SECONDS = 300.0


def test_nothing_is_lost_or_doubled_or_half_visible(
    seed: int,
    stack: RunningStack,
    papers: list[Paper],
    calm: dict[Paper, Digest],
    client: PatientClient,
    measure: Measure,
    survived: Counter[str],
) -> None:
    story = Story(client, papers, seed, measure.seconds)
    with Witness(story, papers, seed) as witness:
        with Mischief(stack, seed, measure) as mischief:
            story.tell()
            mischief.last_out()
        recover(stack, client)

    survived.update(mischief.survived)
    assert witness.seen == []
    assert client.defects == []
    wrong = list(complaints(stack, story, calm))
    assert not wrong, "\n".join(wrong)
    assert witness.looks > 0


def recover(stack: RunningStack, client: PatientClient) -> None:
    """Wait until everything runs and every promise is kept; retry what was tried in vain."""
    wait_until_ready(stack)
    deadline = time.monotonic() + RECOVERY_SECONDS
    for promise in client.promises:
        job = client.finished(promise.job_id, deadline - time.monotonic())
        while job["state"] == "failed":
            assert job["error"]["code"] == "attempts_exhausted", job
            answer = client.send("POST", f"/v1/jobs/{promise.job_id}/retry", json={})
            assert answer.status_code in (202, 409), answer.text
            job = client.finished(promise.job_id, deadline - time.monotonic())
    for job in client.everything("/v1/jobs"):
        if job["kind"] == "purge":
            client.finished(job["id"], deadline - time.monotonic())


def wait_until_ready(stack: RunningStack) -> None:
    deadline = time.monotonic() + RECOVERY_SECONDS
    state: Any = None
    while time.monotonic() < deadline:
        try:
            state = httpx.get(f"{stack.address}/health/ready", trust_env=False, timeout=5).json()
        except httpx.TransportError as error:
            state = error
        else:
            if state["status"] == "ready":
                return
        time.sleep(0.2)
    raise AssertionError(state)


def complaints(stack: RunningStack, story: Story, calm: dict[Paper, Digest]) -> Iterator[str]:
    """Give everything that is not as it should be."""
    with catalogue(stack.home) as rows:
        yield from invariant.lost_or_doubled(rows, story)
        yield from invariant.changed(rows, story, calm)
    yield from invariant.not_found(story.client, list(story.expected.values()))
    for promise in story.deleted:
        yield from invariant.left_of(promise, stack, story.client)
    yield from invariant.unequal_index(stack)
    yield from invariant.doctor(stack)

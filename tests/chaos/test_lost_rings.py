"""The broker may forget every ring: the catalogue knows what waits."""

import signal

from tests.chaos.papers import Paper
from tests.chaos.patient_client import PatientClient
from tests.chaos.processes import CELERY_PARENT, WORKER_CHILD, ask_broker, by_role, send
from tests.chaos.workspaces import new_workspace
from tests.running_stack import RunningStack


def test_jobs_whose_rings_are_lost_are_rung_for_again(
    stack: RunningStack, papers: list[Paper]
) -> None:
    roles = by_role(stack)
    workers = roles[CELERY_PARENT] + roles[WORKER_CHILD]
    with PatientClient(stack.address, new_workspace(stack.home, "lost rings")) as client:
        for pid in workers:
            send(pid, signal.SIGSTOP)
        try:
            promises = [client.upload(paper) for paper in papers[:10]]
            assert ask_broker(stack, "FLUSHALL") == "+OK"
        finally:
            for pid in workers:
                send(pid, signal.SIGCONT)

        states = [client.finished(promise.job_id)["state"] for promise in promises]

    assert states == ["succeeded"] * 10

"""One stack for all seeds, and what an undisturbed run makes of the papers."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.digests import Digest, catalogue, digest
from tests.chaos.mischief import Measure
from tests.chaos.papers import Paper, all_papers
from tests.chaos.patient_client import PatientClient
from tests.chaos.workspaces import new_workspace
from tests.running_stack import RunningStack

# From here on a run is a long one: with the settings that users have, and the worst mischief.
LONG_SECONDS = 100.0
# With this one a short run gets round to every kind of kill early on.
USUAL_SEED = 8
# For short runs: what waits for minutes by default waits for seconds.
IMPATIENT = {
    "FOOTNOTE_JOBS__LEASE_SECONDS": "5",
    "FOOTNOTE_JOBS__HEARTBEAT_SECONDS": "1",
    "FOOTNOTE_JOBS__RING_AGAIN_SECONDS": "5",
    "FOOTNOTE_JOBS__OUTAGE_WAIT_SECONDS": "1",
    "FOOTNOTE_JOBS__DEAF_SECONDS": "15",
}
# Kinds of mischief by how often they were survived, over all runs of a session.
SURVIVED = pytest.StashKey[Counter[str]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``seed`` once for every seed; its name tells which."""
    if "seed" in metafunc.fixturenames:
        rounds = metafunc.config.getoption("--chaos-rounds")
        drawn = [secrets.randbelow(1_000_000) for _ in range(rounds)]
        seeds = metafunc.config.getoption("--chaos-seed") or drawn or [USUAL_SEED]
        metafunc.parametrize("seed", seeds, ids=str)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what was survived."""
    if survived := config.stash.get(SURVIVED, None):
        terminalreporter.section("mischief survived")
        for kind, times in survived.most_common():
            terminalreporter.write_line(f"{times:5}  {kind}")


@pytest.fixture(scope="session")
def survived(request: pytest.FixtureRequest) -> Counter[str]:
    return request.config.stash.setdefault(SURVIVED, Counter())


@pytest.fixture(scope="session")
def measure(request: pytest.FixtureRequest) -> Measure:
    seconds = request.config.getoption("--chaos-seconds")
    if seconds < LONG_SECONDS:
        return Measure(seconds)
    return Measure(seconds, stop_seconds=30.0, power_cuts=True)


@pytest.fixture(scope="session")
def stack(measure: Measure, make_home: Callable[[], Path]) -> Iterator[RunningStack]:
    impatient = IMPATIENT if measure.seconds < LONG_SECONDS else {}
    with RunningStack(make_home(), **impatient) as running:
        yield running


@pytest.fixture(scope="session")
def papers() -> list[Paper]:
    return all_papers()


@pytest.fixture(scope="session")
def calm(stack: RunningStack, papers: list[Paper]) -> dict[Paper, Digest]:
    """What indexing makes of every paper, and of every amended one, when nothing is in its way."""
    versions = [*papers, *(p.as_amended() for p in papers if p.is_middling)]
    with PatientClient(stack.address, stack.key) as client:
        promises = [client.upload(paper) for paper in versions]
        for promise in promises:
            assert client.finished(promise.job_id)["state"] == "succeeded"
    with catalogue(stack.home) as rows:
        return {p.paper: digest(rows, p.document_id, p.version) for p in promises}


@pytest.fixture
def client(stack: RunningStack, seed: int) -> Iterator[PatientClient]:
    """A client of a workspace that only this seed has."""
    with PatientClient(stack.address, new_workspace(stack.home, f"seed {seed}")) as opened:
        yield opened

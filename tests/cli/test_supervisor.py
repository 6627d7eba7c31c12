"""The supervisor, with real child processes."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli import leftovers
from api.cli.home import owned
from api.cli.program import Pace, Program
from api.cli.supervisor import Supervisor
from data.setup_errors import HomeInUse, ProgramFailed
from data.signals import heeded
from tests.cli.conftest import StandIns, Supervise, Until

QUICK = Pace(first_seconds=0.01, most_seconds=0.05)


def run(home: Path, programs: list[Program], when_ready: Callable[[], None]) -> list[str]:
    said: list[str] = []
    with heeded() as signals:
        Supervisor(programs, home, signals, said.append, QUICK).run(when_ready)
    return said


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class TestOrder:
    def test_starts_in_order_and_stops_in_reverse(
        self, home: Path, stand_ins: StandIns, until: Until
    ) -> None:
        first = stand_ins.program("first", ready=lambda: "start first" in stand_ins.said)
        second = stand_ins.program(
            "second", after=("first",), ready=lambda: "start second" in stand_ins.said
        )

        run(home, [first, second], stop)

        assert stand_ins.said == ["start first", "start second", "stop second", "stop first"]

    def test_starts_nothing_before_what_it_needs_is_ready(
        self, home: Path, stand_ins: StandIns
    ) -> None:
        asked: list[bool] = []

        def ready() -> bool:
            # Often enough for a program that did not wait to have written its start.
            asked.append(len(asked) >= 20)
            if asked[-1]:
                stand_ins.write("ready first")
            return asked[-1]

        first = stand_ins.program("first", ready=ready)
        second = stand_ins.program("second", "once", after=("first",), once=True)
        run(home, [first, second], stop)

        assert stand_ins.said.index("ready first") < stand_ins.said.index("start second")

    def test_says_how_long_each_took(self, home: Path, stand_ins: StandIns) -> None:
        with heeded() as signals:
            once = stand_ins.program("catalogue", "once", once=True)
            supervisor = Supervisor([once], home, signals, print, QUICK)
            supervisor.run(stop)

        assert set(supervisor.took) == {"catalogue"}


class TestDeath:
    def test_a_killed_program_is_started_again(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        supervised = supervise(stand_ins.program("index"))
        supervised.wait_for("ready")
        until(lambda: stand_ins.pids("start"))

        os.kill(stand_ins.pids("start")[0], signal.SIGKILL)

        until(lambda: len(stand_ins.pids("start")) == 2)
        assert supervised.wait_for("index ended") == (
            "index ended (signal 9): starting it again in 0.05 s"
        )

    def test_what_a_killed_program_had_started_ends_with_it(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        supervised = supervise(stand_ins.program("api", "parent"))
        until(lambda: stand_ins.pids("ready"))
        before = set(supervised.left)
        assert len(before) == 2

        os.kill(stand_ins.pids("start")[0], signal.SIGKILL)

        until(lambda: len(stand_ins.pids("ready")) == 2)
        assert before.isdisjoint(supervised.left)

    def test_a_step_that_fails_ends_the_start_with_its_last_words(
        self, home: Path, stand_ins: StandIns
    ) -> None:
        programs = [stand_ins.program("index"), stand_ins.program("catalogue", "broken", once=True)]

        with pytest.raises(ProgramFailed, match=r"(?s)catalogue .*exit code 3.*the cause of it"):
            run(home, programs, stop)

        assert not list(leftovers.marked(leftovers.mark_of(home)))

    def test_a_program_that_never_gets_ready_is_given_up(
        self, home: Path, stand_ins: StandIns
    ) -> None:
        broken = stand_ins.program("api", "broken", ready=lambda: False)

        with pytest.raises(ProgramFailed, match="the cause of it"):
            run(home, [broken], stop)

        assert stand_ins.said == ["start api"] * QUICK.hopeless

    def test_a_program_that_keeps_dying_after_it_was_ready_is_tried_for_ever(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        supervised = supervise(stand_ins.program("api", "doomed"))
        supervised.wait_for("ready")

        stand_ins.doom()

        assert "logs/api.log" in supervised.wait_for("the last lines")
        assert supervised.wait_for("the cause of it")
        until(lambda: len(stand_ins.pids("start")) > QUICK.hopeless)

    def test_a_tour_that_fails_ends_nothing_else(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        tour = stand_ins.program("tour", "broken", once=True, foreground=True)
        supervised = supervise(stand_ins.program("api"), tour)
        supervised.wait_for("ready")

        supervised.wait_for("the cause of it")

        until(lambda: len(supervised.left) == 1)
        assert supervised.end(signal.SIGTERM) == 0
        assert stand_ins.said[-1] == "stop api"


class TestPace:
    def test_waits_longer_each_time_up_to_a_limit(self) -> None:
        pace = Pace()

        assert [pace.pause(deaths) for deaths in (1, 2, 3, 7, 1000)] == [0.5, 1.0, 2.0, 30.0, 30.0]


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    def test_a_signal_ends_everything_and_the_lock(
        self,
        home: Path,
        stand_ins: StandIns,
        until: Until,
        supervise: Supervise,
        number: signal.Signals,
    ) -> None:
        supervised = supervise(stand_ins.program("a"), stand_ins.program("b", "parent"))
        until(lambda: stand_ins.pids("ready"))

        assert supervised.end(number) == 0

        assert supervised.left == []
        assert [each.name for each in (home / "run").iterdir()] == []

    def test_a_program_that_does_not_listen_is_killed(
        self, home: Path, stand_ins: StandIns, until: Until
    ) -> None:
        deaf = stand_ins.program(
            "deaf", "deaf", grace_seconds=0.1, ready=lambda: "start deaf" in stand_ins.said
        )

        run(home, [deaf], stop)

        assert stand_ins.said == ["start deaf", "stop deaf"]
        assert not list(leftovers.marked(leftovers.mark_of(home)))

    def test_who_takes_a_while_hears_of_it_before_its_turn(
        self, home: Path, stand_ins: StandIns
    ) -> None:
        store = stand_ins.program("store", ready=lambda: "start store" in stand_ins.said)
        api = stand_ins.program(
            "api", ready=lambda: "start api" in stand_ins.said, hears_at_once=True
        )
        deaf = stand_ins.program(
            "deaf",
            "deaf",
            grace_seconds=1.0,
            ready=lambda: "start deaf" in stand_ins.said,
            hears_at_once=True,
        )
        late = stand_ins.program("late", ready=lambda: "start late" in stand_ins.said)

        run(home, [store, api, late, deaf], stop)

        # In its turn the API would have heard of it behind "late".
        said = stand_ins.said
        assert said.index("stop api") < said.index("stop late") < said.index("stop store")

    def test_a_second_signal_does_not_wait_for_the_grace(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        def stop_twice() -> None:
            stop()
            stop()

        deaf = stand_ins.program(
            "deaf", "deaf", grace_seconds=600.0, ready=lambda: "start deaf" in stand_ins.said
        )

        run(home, [deaf], stop_twice)

        assert not list(leftovers.marked(leftovers.mark_of(home)))

    def test_children_end_when_the_supervisor_is_killed(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        supervised = supervise(stand_ins.program("a"), stand_ins.program("b"))
        until(lambda: len(stand_ins.pids("start")) == 2)

        supervised.end(signal.SIGKILL)

        until(lambda: not supervised.left)
        assert sorted(stand_ins.said[2:]) == ["stop a", "stop b"]


class TestNextStart:
    def test_reclaims_what_does_not_end_by_itself(
        self, home: Path, stand_ins: StandIns, until: Until, supervise: Supervise
    ) -> None:
        first = supervise(stand_ins.program("deaf", "deaf"))
        until(lambda: stand_ins.pids("start"))
        first.end(signal.SIGKILL)
        assert len(first.left) == 1

        second = supervise(stand_ins.program("calm"))

        assert second.wait_for("reclaimed") == "reclaimed 1"
        second.wait_for("ready")
        until(lambda: "start calm" in stand_ins.said)
        assert len(second.left) == 1

    def test_refuses_while_the_first_one_runs_and_names_its_address(
        self, home: Path, stand_ins: StandIns, supervise: Supervise
    ) -> None:
        supervise(stand_ins.program("a")).wait_for("ready")

        with pytest.raises(HomeInUse, match=r"http://127\.0\.0\.1:1"), owned(home):
            pass

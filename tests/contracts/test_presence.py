"""Which workers are there, and who has a duty."""

from collections.abc import Callable

from data.stores import Stores
from tests.contracts.corpus import Together


class TestADuty:
    def test_is_held_by_one_at_a_time(self, stores: Stores) -> None:
        hold = stores.presence.hold

        assert hold("reconcile", "a", 60)
        assert not hold("reconcile", "b", 60)
        assert hold("reconcile", "a", 60)
        assert hold("sweep", "b", 60)

    def test_is_taken_over_when_its_time_is_over(self, stores: Stores) -> None:
        stores.presence.hold("reconcile", "a", -1)

        assert stores.presence.hold("reconcile", "b", 60)
        assert not stores.presence.hold("reconcile", "a", 60)

    def test_is_given_up_by_a_worker_that_leaves(self, stores: Stores) -> None:
        stores.presence.hold("reconcile", "a", 60)
        stores.presence.leave("a")

        assert stores.presence.hold("reconcile", "b", 60)

    def test_of_a_holder_from_before_the_clock_was_set_back_is_taken_over(
        self, stores: Stores
    ) -> None:
        stores.presence.hold("reconcile", "a", 3600)

        assert stores.presence.hold("reconcile", "b", 60)

    def test_goes_to_one_of_many_who_want_it_at_once(
        self, stores: Stores, together: Together
    ) -> None:
        for number in range(10):
            duty = f"duty {number}"

            def want(holder: str, duty: str = duty) -> Callable[[], bool]:
                return lambda: stores.presence.hold(duty, holder, 60)

            assert sorted(together(*[want(holder) for holder in "abcd"])) == [False] * 3 + [True]


class TestAWorker:
    def test_is_known_while_it_beats_and_until_it_leaves(self, stores: Stores) -> None:
        stores.presence.beat("one")
        stores.presence.beat("two")
        stores.presence.beat("one")

        seen = stores.presence.seconds_since_seen()
        assert set(seen) == {"one", "two"}
        assert all(-1 < ago < 60 for ago in seen.values())

        stores.presence.leave("one")
        assert set(stores.presence.seconds_since_seen()) == {"two"}

"""An endpoint that fails is left alone, then tried by one question at a time."""

import pytest

from data.errors import DeadlineExceeded, ModelUnavailable
from data.model_settings import ModelSettings
from retrieval.models.breaker import Breaker, Circuit


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[Circuit]:
    return []


@pytest.fixture
def breaker(clock: Clock, told: list[Circuit]) -> Breaker:
    settings = ModelSettings(breaker_failures=3, breaker_seconds=10)
    return Breaker("gpu:1", settings, told.append, clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ModelUnavailable, match="it broke"), breaker.call():
            raise ModelUnavailable("it broke")


def succeed(breaker: Breaker) -> None:
    with breaker.call() as call:
        call.brought_text()


def is_asked(breaker: Breaker) -> bool:
    try:
        with breaker.call() as call:
            call.refused(counts=False)
    except ModelUnavailable:
        return False
    return True


class TestOpening:
    def test_so_many_failures_in_a_row_open_it(self, breaker: Breaker, told: list[Circuit]) -> None:
        fail(breaker, 2)
        assert is_asked(breaker)
        fail(breaker)

        with pytest.raises(ModelUnavailable, match="gpu:1 failed lately") as caught:
            breaker.call()

        assert 8 <= caught.value.retry_after_seconds <= 12
        assert caught.value.details == {"retry_after_seconds": caught.value.retry_after_seconds}
        assert breaker.state is Circuit.OPEN
        assert told == [Circuit.CLOSED, Circuit.OPEN]

    def test_an_answer_between_them_starts_the_count_anew(self, breaker: Breaker) -> None:
        for _ in range(3):
            fail(breaker, 2)
            succeed(breaker)

        assert breaker.state is Circuit.CLOSED

    def test_a_refusal_counts_as_a_failure(self, breaker: Breaker) -> None:
        for _ in range(3):
            with breaker.call() as call:
                call.refused(counts=True)

        assert breaker.state is Circuit.OPEN

    @pytest.mark.parametrize("error", [DeadlineExceeded, GeneratorExit, KeyboardInterrupt])
    def test_what_a_client_does_is_no_failure(
        self, breaker: Breaker, error: type[BaseException]
    ) -> None:
        for _ in range(5):
            with pytest.raises(error), breaker.call():
                raise error

        assert breaker.state is Circuit.CLOSED

    def test_neither_is_what_has_an_excuse(self, breaker: Breaker) -> None:
        for _ in range(5):
            with pytest.raises(ModelUnavailable), breaker.call(lambda: True):
                raise ModelUnavailable

        assert breaker.state is Circuit.CLOSED

    def test_neither_is_a_refusal_of_a_bad_request_nor_does_it_prove_anything(
        self, breaker: Breaker
    ) -> None:
        fail(breaker, 2)
        assert is_asked(breaker)
        fail(breaker)

        assert breaker.state is Circuit.OPEN

    def test_calls_that_began_before_neither_close_nor_prolong_it(
        self, breaker: Breaker, clock: Clock
    ) -> None:
        good, bad = breaker.call(), breaker.call()
        fail(breaker, 3)
        clock.now += 7
        with pytest.raises(ModelUnavailable), bad:
            raise ModelUnavailable
        with good:
            good.brought_text()

        assert not is_asked(breaker)
        clock.now += 6
        assert is_asked(breaker)


class TestTrying:
    @pytest.fixture(autouse=True)
    def opened(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += 12.5

    def test_one_call_at_a_time_is_let_through(self, breaker: Breaker) -> None:
        with breaker.call() as call:
            assert not is_asked(breaker)
            call.brought_text()
            assert is_asked(breaker)

        assert breaker.state is Circuit.CLOSED

    def test_its_failure_opens_it_again(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker)

        assert not is_asked(breaker)
        clock.now += 12.5
        succeed(breaker)
        assert breaker.state is Circuit.CLOSED

    def test_text_that_breaks_off_opens_it_again(self, breaker: Breaker) -> None:
        def break_off() -> None:
            with breaker.call() as call:
                call.brought_text()
                raise ModelUnavailable

        with pytest.raises(ModelUnavailable):
            break_off()

        assert breaker.state is Circuit.OPEN

    def test_a_client_that_leaves_gives_the_probe_back(
        self, breaker: Breaker, told: list[Circuit]
    ) -> None:
        with pytest.raises(GeneratorExit), breaker.call():
            raise GeneratorExit

        assert told[-1] is Circuit.OPEN
        assert breaker.state is Circuit.HALF_OPEN
        assert is_asked(breaker)

    def test_all_of_it_is_told(self, breaker: Breaker, told: list[Circuit]) -> None:
        succeed(breaker)

        assert told == [Circuit.CLOSED, Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED]


class TestResting:
    def test_an_endpoint_that_asks_for_it_is_left_alone_by_all(
        self, breaker: Breaker, clock: Clock
    ) -> None:
        breaker.rest(30)
        breaker.rest(5)
        clock.now += 29

        assert not is_asked(breaker)
        assert (breaker.rest_seconds, breaker.state) == (1.0, Circuit.OPEN)
        clock.now += 1
        assert is_asked(breaker)
        assert (breaker.rest_seconds, breaker.state) == (0.0, Circuit.CLOSED)

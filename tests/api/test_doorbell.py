"""The doorbell that many requests share."""

import threading

import pytest

from api.doorbell import SharedDoorbell
from data.errors import BrokerUnavailable


def test_rings_one_at_a_time() -> None:
    inside = threading.Lock()
    rings: list[bool] = []

    def ring() -> None:
        alone = inside.acquire(blocking=False)
        rings.append(alone)
        if alone:
            inside.release()

    bell = SharedDoorbell(ring)
    threads = [threading.Thread(target=bell.ring) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert rings == [True] * 16


def test_does_not_wait_for_a_broker_that_was_just_away() -> None:
    tries = 0

    def ring() -> None:
        nonlocal tries
        tries += 1
        raise BrokerUnavailable

    bell = SharedDoorbell(ring)
    for _ in range(5):
        with pytest.raises(BrokerUnavailable):
            bell.ring()

    assert tries == 1


def test_rings_again_after_a_while() -> None:
    tries = 0

    def ring() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise BrokerUnavailable

    bell = SharedDoorbell(ring, after_failure_seconds=0.01)
    with pytest.raises(BrokerUnavailable):
        bell.ring()
    while tries == 1:
        try:
            bell.ring()
        except BrokerUnavailable:
            continue

    assert tries == 2

"""The keys of a line take turns; within a key, who came first is first."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from retrieval.line import Line

KEYS = st.sampled_from("abcd")


def line_of(keys: str) -> Line[int]:
    line: Line[int] = Line()
    for number, key in enumerate(keys):
        line.add(key, number)
    return line


def test_keys_take_turns() -> None:
    line = line_of("aaaaabbc")

    assert [line.pop() for _ in range(8)] == [0, 5, 7, 1, 6, 2, 3, 4]


def test_a_key_that_comes_back_is_served_after_all_others() -> None:
    line = line_of("ab")
    line.pop()
    line.add("a", 9)

    assert [line.pop(), line.pop()] == [1, 9]


def test_who_leaves_is_passed_over() -> None:
    line = line_of("aab")

    line.remove("a", 0)

    assert [line.pop(), line.pop()] == [1, 2]


def test_the_newest_of_the_key_with_most_makes_room() -> None:
    line = line_of("abbba")

    assert line.pop_surplus("c") == 3


def test_a_key_that_has_nearly_as_many_makes_no_room() -> None:
    line = line_of("aabbb")

    assert line.pop_surplus("a") is None
    assert line.pop_surplus("b") is None
    assert len(line) == 5


def test_keys_that_wait_once_make_no_room_for_another() -> None:
    assert line_of("abc").pop_surplus("d") is None
    assert line_of("").pop_surplus("d") is None


@given(st.lists(st.tuples(st.sampled_from(("add", "pop", "remove", "make room")), KEYS)))
def test_it_is_fair_and_keeps_nothing_of_who_is_gone(steps: list[tuple[str, str]]) -> None:
    line: Line[int] = Line()
    waiting: dict[int, str] = {}
    for number, (step, key) in enumerate(steps):
        mine = [one for one, of in waiting.items() if of == key]
        if step == "add":
            line.add(key, number)
            waiting[number] = key
        elif step == "pop" and waiting:
            first = line.pop()
            # Nobody of the same key came earlier.
            assert first == min(one for one, of in waiting.items() if of == waiting[first])
            del waiting[first]
        elif step == "remove" and mine:
            line.remove(key, mine[-1])
            del waiting[mine[-1]]
        elif step == "make room":
            counts = Counter(waiting.values())
            out = line.pop_surplus(key)
            most = max(counts.values(), default=0)
            assert (out is not None) == (most >= counts[key] + 2)
            if out is not None:
                assert counts[waiting.pop(out)] == most
        assert len(line) == len(waiting)
        assert set(line._keys) == set(waiting.values())


@given(st.lists(KEYS, min_size=1, max_size=40))
def test_nobody_waits_for_more_than_one_of_each_key_before_each_of_ones_own(
    keys: list[str],
) -> None:
    line = line_of("".join(keys))

    served = [keys[line.pop()] for _ in keys]

    for key in set(keys):
        turns = [place for place, one in enumerate(served) if one == key]
        for earlier, later in zip([-1, *turns], turns, strict=False):
            between = Counter(served[earlier + 1 : later])
            assert all(times == 1 for times in between.values())

"""Slices for tests of what is done in one: without bounds, and with."""


class Unbounded:
    """Goes on until all is done."""

    def is_over(self) -> bool:
        return False

    def check(self) -> None:
        """Nobody stops it."""


class Counted:
    """Is over when it is asked for the so-manieth time."""

    def __init__(self, asked: int) -> None:
        self._left = asked

    def is_over(self) -> bool:
        self._left -= 1
        return self._left <= 0

    def check(self) -> None:
        """Nobody stops it."""


class Cancelled:
    """Is not wanted any more from the so-manieth look on."""

    def __init__(self, looks: int, error: Exception) -> None:
        self._left = looks
        self._error = error

    def is_over(self) -> bool:
        return False

    def check(self) -> None:
        self._left -= 1
        if self._left <= 0:
            raise self._error

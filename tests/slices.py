"""A slice without bounds, for tests of what is done in one."""


class Unbounded:
    """Goes on until all is done."""

    def is_over(self) -> bool:
        return False

    def check(self) -> None:
        """Nobody stops it."""

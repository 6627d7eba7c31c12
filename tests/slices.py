"""A slice without bounds, for tests of what is done in one."""


class Unbounded:
    """Goes on until all is done."""

    def is_over(self) -> bool:
        return False

    def check(self) -> None:
        """Nobody stops it."""


class OneStep(Unbounded):
    """Ends after the first page, or the first batch."""

    def is_over(self) -> bool:
        return True

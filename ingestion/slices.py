"""When a slice ends: what the one who runs it tells the one who does its work."""

from typing import Protocol


class Slice(Protocol):
    """The bounds of a slice beside its pages: its time, its claim, the worker's own end."""

    def is_over(self) -> bool:
        """Return whether to end at this page and keep what is done; also notes that it got on.

        To be asked after each page, or each batch. Raises what ``check`` does.
        """
        ...

    def check(self) -> None:
        """Raise ``ClaimLost`` when nobody wants the work any more, ``ShuttingDown`` when it must
        be given up where it stands. To be called about every half second while waiting."""
        ...

"""What nobody will ask for any more is swept away, whoever should have done it before."""

import logging

from data.index_folders import IndexFolders
from data.orphans import Orphans
from data.purges import Purges

logger = logging.getLogger(__name__)


class Sweeper:
    """Removes files that no row knows, and has versions purged that were readable for a day.

    ``folders``: of the Chroma server, when it is on this host.
    """

    def __init__(
        self, orphans: Orphans, purges: Purges, folders: IndexFolders | None = None
    ) -> None:
        self._orphans = orphans
        self._purges = purges
        self._folders = folders

    def run_once(self) -> int:
        """Sweep, and return how many files or folders went."""
        expired = 0
        while queued := self._purges.queue_expired():
            expired += queued
        swept = 0
        for place in self._orphans.found():
            self._orphans.remove(place)
            swept += 1
        if self._folders:
            swept += self._folders.sweep()
        if swept or expired:
            logger.info("swept", extra={"files": swept, "versions": expired})
        return swept

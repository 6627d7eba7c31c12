"""``footnote purge --bytes``: what was deleted gives back its room on the disk."""

import time

from api.cli.doctor import wait_for
from api.cli.embedded import located
from api.cli.terminal import say
from data.audit.audit import open_audit
from data.audit.vectors import SETTLING_SECONDS
from data.compaction import catalogue_files, compact
from data.files import used_bytes
from data.settings import Settings
from data.stores import Stores, open_stores

REBUILD_SECONDS = 3600.0


def free_bytes(settings: Settings) -> bool:
    """Rebuild what has holes, tell how many bytes that freed, and return whether all is done."""
    settings, own_index = located(settings)
    with open_stores(settings) as stores, open_audit(settings, stores, own_index) as audit:
        files = (*catalogue_files(stores.database), *((own_index,) if own_index else ()))
        before = used_bytes(*files)
        jobs = _rebuilds(stores)
        say(f"Rebuilding {len(jobs)} libraries …")
        is_done = wait_for(audit, jobs, stores.presence, REBUILD_SECONDS)
        if jobs:  # the old collections are dropped a moment after the switch
            time.sleep(SETTLING_SECONDS)
        audit.sweep()
        compact(stores.database)
        freed = before - used_bytes(*files)
    say(f"Freed {freed:,} bytes of {before:,}.")
    return is_done


def _rebuilds(stores: Stores) -> list[str]:
    return [
        stores.generations.queue(library.workspace, library.name).id
        for library in stores.libraries.every()
        if library.dead
    ]

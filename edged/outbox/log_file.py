"""Log file: SQLite's write-ahead log, made long enough before it is needed.

Where the log is written over in place, a commit is one write and one flush of the disk. Where the file grows with
each commit, the file system has to write down its new length too, which takes about as long again.
"""

import os
from contextlib import suppress
from pathlib import Path

LOG_PAGES = 256
"""After so many in the log they are taken over into the database, and the log begins anew."""
LENGTH_BYTES = (LOG_PAGES + 32) * (4096 + 24) + 32
"""Of a log with so many pages and those of the commit that is one too many."""
ROOM_BYTES = 64 * 2**20
"""With less free on the disk the log grows as it must."""


def lengthen(database: Path) -> None:
    """Have the log of an open database as long as it will be: zeros, which SQLite does not take for pages of its own.

    It only saves time: where it cannot be done nothing is said.
    """
    with suppress(OSError):
        disk = os.statvfs(database)
        if disk.f_bavail * disk.f_frsize >= ROOM_BYTES:
            with database.with_name(f"{database.name}-wal").open("r+b", buffering=0) as log:
                log.seek(0, os.SEEK_END)
                log.write(bytes(max(0, LENGTH_BYTES - log.tell())))

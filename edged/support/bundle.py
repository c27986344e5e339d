"""Bundle: one file for a maintainer, made on this box, that goes nowhere by itself."""

import io
import os
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

from edged.errors import EdgedError
from edged.runtime.whole_file import written

FOLDER = "edged-support"
MOST_BYTES = 4 * 2**20
"""Of one file; of a longer one the end is kept."""


def check_place(path: Path) -> None:
    """EdgedError where no bundle can be made there: told before it is collected, which takes a while."""
    if path.exists():
        raise EdgedError(f"{path}: is there already; name another file")
    if not os.access(path.absolute().parent, os.W_OK):
        raise EdgedError(f"{path}: cannot be made; name a place that you may write to")


def write(path: Path, files: Mapping[str, str]) -> None:
    """A tar.gz, mode 0600, that is there whole or not at all; EdgedError where it was there or cannot be made."""
    check_place(path)
    try:
        with written(path) as raw, tarfile.open(fileobj=raw, mode="w:gz") as bundle:
            for name, text in files.items():
                _add(bundle, name, text)
    except OSError as error:
        raise EdgedError(f"{path}: {error.strerror}; name a place that you may write to") from None


def _add(bundle: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode("utf-8", "replace")[-MOST_BYTES:]
    entry = tarfile.TarInfo(f"{FOLDER}/{name}")
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    bundle.addfile(entry, io.BytesIO(content))

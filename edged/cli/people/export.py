"""``edged people export``: an encrypted archive of everybody."""

import argparse
import base64
import os
import sys
from pathlib import Path
from typing import Any

from edged.cli.people.passphrase import add_passphrase, read_passphrase
from edged.cli.terminal import print_json, progress
from edged.errors import EdgedError


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "export",
        help="write everybody into an encrypted archive",
        description="Write everybody into one file, encrypted with a passphrase. The file appears whole or not at all.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    add_passphrase(parser)


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line."""
    passphrase = read_passphrase(options, twice=True)
    part = options.file.with_name(options.file.name + ".part")
    try:
        size = _receive(ask, {"passphrase": passphrase, "name": options.file.name[:100]}, part)
        part.replace(options.file)
    except OSError as error:
        raise EdgedError(f"{options.file}: cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    if options.json:
        print_json({"file": str(options.file), "bytes": size})
    else:
        sys.stdout.write(f"{options.file}: {size:,} bytes; whoever has it and the passphrase has the people\n")
    return 0


def _receive(ask: Any, request: dict[str, str], path: Path) -> int:
    """Write what comes into ``path`` and on the disk; how many bytes it is."""
    from edged.cli.people.asking import result_of

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file, progress() as bar:
        task = bar.add_task("export", total=None)

        def write(told: Any) -> None:
            file.write(base64.b64decode(told["piece"]))
            bar.update(task, completed=file.tell(), total=told["of"])

        size = int(result_of(ask, "people.export", request, write)["bytes"])
        file.flush()
        os.fsync(file.fileno())
    return size

"""``edged people import``: take in an archive that ``edged people export`` wrote."""

import argparse
import base64
import hashlib
import sys
from pathlib import Path
from typing import Any

from edged.cli.people.passphrase import add_passphrase, read_passphrase
from edged.cli.terminal import complain, print_json, progress
from edged.errors import EdgedError


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "import",
        help="take in an archive",
        description="Take in everybody of an archive. Of two versions of a person the later one stays; whoever was "
        "erased here since stays erased. What was broken off goes on where it was, and twice is as good as once.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    add_passphrase(parser)


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line; 1 where somebody was refused."""
    from edged.cli.people.asking import result_of

    passphrase = read_passphrase(options, twice=False)
    try:
        sha256 = _send(ask, options.file)
    except OSError as error:
        raise EdgedError(f"{options.file}: cannot be read: {error.strerror}") from None
    try:
        report = result_of(ask, "people.import", {"sha256": sha256, "passphrase": passphrase})
    except EdgedError as error:
        raise EdgedError(f"{options.file}: {str(error).removeprefix('archive: ')}") from None
    for line in report["refused"]:
        complain(line)
    if options.json:
        print_json(report)
    else:
        counts = ", ".join(f"{report[key]} {key}" for key in ("added", "replaced", "unchanged"))
        sys.stdout.write(f"{options.file}: {counts}\n")
    return int(bool(report["refused"]))


def _send(ask: Any, path: Path) -> str:
    """Send what the other side has not got yet; the file's sum."""
    from edged.cli.people.asking import result_of
    from edged.enrolment.transfer import PIECE_BYTES

    with path.open("rb") as file, progress() as bar:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        task = bar.add_task("import", total=size)
        have = result_of(ask, "people.upload", {"sha256": sha256})["have"]
        while have < size:
            file.seek(have)
            piece = base64.b64encode(file.read(PIECE_BYTES)).decode("ascii")
            have = result_of(ask, "people.upload", {"sha256": sha256, "offset": have, "piece": piece})["have"]
            bar.update(task, completed=have)
    return sha256

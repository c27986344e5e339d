"""``edged rollback``: back to the version before, on a box that scripts/install made."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from edged.errors import EdgedError


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    commands.add_parser(
        "rollback",
        help="back to the version before",
        description="Go back to the version that was installed before this one, with its service, and start it; "
        "once more, and it is forward again. Configuration and what the box has learnt stay as they are. Needs root.",
    )


def run(_options: argparse.Namespace) -> int:
    """Leave it to the program beside the versions, which works where one of them does not."""
    versions = Path(sys.prefix).parent.parent / "bin" / "versions"
    if not versions.is_file():
        raise EdgedError(f"{sys.prefix}: scripts/install did not make this, so there is no version before")
    os.execv(versions, [str(versions), "rollback"])  # noqa: S606  # our own program

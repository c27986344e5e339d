"""``edged people rekey``: seal the gallery anew with another key."""

import argparse
import sys
from pathlib import Path
from typing import Any

from edged.cli.terminal import print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "rekey",
        help="seal the gallery with another key",
        description="Seal everything anew. The file has 32 random bytes as hex (`openssl rand -hex 32`) and mode 0600, "
        "and a running edged must be able to read it; where it is not there, it is made. A gallery.key_file is then to "
        "name it.",
    )
    parser.add_argument("key_file", type=Path, metavar="NEW_KEY_FILE")


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line."""
    from edged.cli.people.asking import result_of

    answer = result_of(ask, "people.rekey", {"key_file": str(options.key_file.absolute())})
    if options.json:
        print_json(answer)
    else:
        sys.stdout.write(f"gallery: sealed anew with the key in {answer['key_file']}\n")
    return 0

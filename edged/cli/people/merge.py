"""``edged people merge``: two entries that are one person become one."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("merge", help="make one of two entries that are the same person")
    parser.add_argument("who", metavar="WHO", help="name or id; this entry goes")
    parser.add_argument("into", metavar="INTO", help="name or id; this one stays, with the samples of both")


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line."""
    from edged.cli.people.asking import result_of

    person = result_of(ask, "people.merge", {"who": options.who, "into": options.into})
    if options.json:
        print_json(person)
    else:
        sys.stdout.write(f"{person['name']}: {person['samples']} samples now, {options.who} is gone\n")
    return 0

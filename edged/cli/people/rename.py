"""``edged people rename``: give somebody another name."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("rename", help="give somebody another name")
    parser.add_argument("who", metavar="WHO", help="name or id")
    parser.add_argument("name", metavar="NAME", help="the new name")


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line."""
    from edged.cli.people.asking import result_of

    person = result_of(ask, "people.rename", {"who": options.who, "name": options.name})
    if options.json:
        print_json(person)
    else:
        sys.stdout.write(f"{options.who}: is now {person['name']}\n")
    return 0

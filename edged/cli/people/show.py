"""``edged people show``: what the box knows of somebody."""

import argparse
import sys
from datetime import UTC, datetime
from typing import Any

from edged.cli.terminal import print_json, print_table


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("show", help="what the box knows of somebody")
    parser.add_argument("who", metavar="WHO", help="name or id")


def run(ask: Any, options: argparse.Namespace) -> int:
    """The person, and what they were taught from."""
    from edged.cli.people.asking import result_of

    person = result_of(ask, "people.show", {"who": options.who})
    if options.json:
        print_json(person)
        return 0
    for key in ("name", "id", "notes", "consent", "expires"):
        sys.stdout.write(f"{key:<8} {person[key] or ''}".rstrip() + "\n")
    rows = [(when(one["at_s"]), one["model"], f"{one['quality']:.2f}", one["origin"]) for one in person["taught_from"]]
    sys.stdout.write("\n")
    print_table(("taught at", "model", "quality", "from"), rows)
    return 0


def when(unix_s: float) -> str:
    """Unix time for people."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")

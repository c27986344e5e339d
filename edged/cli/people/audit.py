"""``edged people audit``: who did what to whom."""

import argparse
from typing import Any

from edged.cli.arguments import whole_number
from edged.cli.terminal import print_json, print_table


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("audit", help="who enrolled, renamed, erased, exported, and when")
    parser.add_argument(
        "--limit", type=whole_number(1, 1000), default=100, metavar="N", help="the last so many, 1 to 1000"
    )


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line an entry."""
    from edged.cli.people.asking import result_of
    from edged.cli.people.show import when

    entries = result_of(ask, "people.audit", {"limit": options.limit})["entries"]
    if options.json:
        print_json(entries)
    else:
        rows = [(when(one["at_s"]), one["by"], one["action"], one["subject"], one["detail"]) for one in entries]
        print_table(("when", "who", "did", "to", ""), rows)
    return 0

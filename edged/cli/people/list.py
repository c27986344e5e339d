"""``edged people list``: everybody whom the box knows."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import complain, print_json, print_table


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    actions.add_parser("list", help="everybody whom the box knows")


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line a person."""
    from edged.cli.people.asking import result_of

    answer = result_of(ask, "people.list", {})
    people = answer["people"]
    if answer["report"]:
        complain(answer["report"])
    if options.json:
        print_json(people)
        return 0
    rows = [(each["name"], str(each["samples"]), each["consent"] or "", each["expires"] or "") for each in people]
    print_table(("name", "samples", "consent", "expires"), rows)
    if stale := [each["name"] for each in people if each["re_enrol"]]:
        sys.stderr.write(f"not recognised by today's model, enrol again with --add: {', '.join(stale)}\n")
    return 0

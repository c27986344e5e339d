"""``edged people verify``: whether the gallery is whole."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import complain, print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    actions.add_parser("verify", help="check that every entry is whole and can be opened")


def run(ask: Any, options: argparse.Namespace) -> int:
    """One line a fault; 1 where there is one."""
    from edged.cli.people.asking import result_of

    faults = result_of(ask, "people.verify", {})["faults"]
    if options.json:
        print_json({"faults": faults})
    elif faults:
        for fault in faults:
            complain(fault)
    else:
        sys.stdout.write("gallery: ok\n")
    return int(bool(faults))

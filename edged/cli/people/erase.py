"""``edged people erase``: forget somebody for good."""

import argparse
import sys
from typing import Any

from edged.cli.people.confirm import confirm
from edged.cli.terminal import complain, print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "erase",
        help="forget somebody for good",
        description="Erase somebody with all that was learnt of them, from the gallery and its backups.",
    )
    parser.add_argument("who", metavar="WHO", help="name or id")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(ask: Any, options: argparse.Namespace) -> int:
    """What is gone, and what is out of the box's reach; 1 where it was not confirmed."""
    from edged.cli.people.asking import result_of

    person = result_of(ask, "people.show", {"who": options.who})
    if not options.yes and not confirm(f"erase {person['name']} with {person['samples']} samples, for good?"):
        complain(f"{person['name']}: not erased; --yes confirms")
        return 1
    report = result_of(ask, "people.erase", {"who": person["id"]})
    if options.json:
        print_json(report)
        return 0
    sys.stdout.write(f"{person['name']}: erased, {report['samples']} samples\n")
    for key, text in (
        ("backups_rewritten", "backup, now without them"),
        ("files_removed", "removed"),
        ("exports", "export that may hold them, out of this box's reach"),
    ):
        sys.stdout.writelines(f"{text}: {path}\n" for path in report[key])
    sys.stdout.write("clips of their events, if any are kept, go within a minute while edged runs with faces\n")
    return 0

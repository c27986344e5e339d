"""``edged people``: whom the box knows. One file an action, as with commands."""

import argparse
import importlib
from types import ModuleType
from typing import Any

from edged.cli.arguments import add_config

ACTIONS = ("list", "show", "rename", "merge", "erase", "export", "import", "verify", "rekey", "re-embed", "audit")


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "people",
        help="see, rename, erase, back up whom the box knows",
        description="See to the people whom the box knows; `edged enroll` makes it know more. While edged runs, it is "
        "asked through its control socket; else the gallery is opened by this command itself.",
    )
    add_config(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ACTIONS:
        _module(name).add_parser(actions)
        add_config(actions.choices[name], argparse.SUPPRESS)
        actions.choices[name].add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Do one action."""
    from edged.cli.people.asking import asking
    from edged.settings import read_settings

    with asking(read_settings(options.config)) as ask:
        return int(_module(options.action).run(ask, options))


def _module(action: str) -> ModuleType:
    name = "import_" if action == "import" else action.replace("-", "_")
    return importlib.import_module(f"edged.cli.people.{name}")

"""``edged events``: what the box has told, from its own history. One file an action, as with commands."""

import argparse
import importlib
from types import ModuleType
from typing import Any

from edged.cli.arguments import add_config

ACTIONS = ("list", "show", "export")


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "events",
        help="see and export what the box has told",
        description="Look into the history that a box keeps of its events, whether edged runs or not. Nothing is "
        "changed, and nobody is asked.",
    )
    add_config(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ACTIONS:
        _module(name).add_parser(actions)
        add_config(actions.choices[name], argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Do one action."""
    return int(_module(options.action).run(options))


def _module(action: str) -> ModuleType:
    return importlib.import_module(f"edged.cli.events.{action}")

"""``edged models``: which models are here, what they are, how well they do. One file an action, as with commands."""

import argparse
import importlib
from typing import Any

from edged.cli.arguments import add_config

ACTIONS = ("list", "show", "pull", "verify", "bench", "compile", "build", "sign", "evaluate")


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser("models", help="see, fetch, check and measure models", description="See to models.")
    add_config(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ACTIONS:
        importlib.import_module(f"edged.cli.models.{name}").add_parser(actions)
        add_config(actions.choices[name], argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Do one action."""
    from edged.settings import read_settings

    return int(
        importlib.import_module(f"edged.cli.models.{options.action}").run(read_settings(options.config), options)
    )

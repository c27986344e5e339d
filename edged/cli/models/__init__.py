"""``edged models``: which models are here, what they are, how well they do. One file an action, as with commands."""

import argparse
import importlib
from pathlib import Path
from typing import Any

ACTIONS = ("list", "show", "pull", "verify", "bench", "compile", "build", "sign", "evaluate")


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser("models", help="see, fetch, check and measure models", description="See to models.")
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: edged.yaml, /etc/edged/edged.yaml")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ACTIONS:
        importlib.import_module(f"edged.cli.models.{name}").add_parser(actions)


def run(options: argparse.Namespace) -> int:
    """Do one action."""
    from edged.settings import read_settings

    return int(
        importlib.import_module(f"edged.cli.models.{options.action}").run(read_settings(options.config), options)
    )

"""``edged run``: the box itself."""

import argparse
import sys
from typing import Any

from edged.cli.arguments import add_config


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "run",
        help="listen, and publish what is heard",
        description="Run until SIGTERM or Ctrl-C (a second one stops at once), or until every recording has ended. "
        "SIGHUP takes up models that the configuration names now, or that were changed, without a pause.",
    )
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Start the daemon."""
    from edged.daemon import Daemon
    from edged.runtime import logs
    from edged.settings import read_settings

    settings = read_settings(options.config)
    logs.set_up(settings.log)
    daemon = Daemon(settings, sys.stdout, lambda: read_settings(options.config))
    daemon.obey_signals()
    return daemon.run()

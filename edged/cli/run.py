"""``edged run``: the box itself."""

import argparse
import faulthandler
import os
import sys
from typing import TYPE_CHECKING, Any

from edged.cli.arguments import add_config

if TYPE_CHECKING:
    from edged.settings import Settings


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "run",
        help="listen, and publish what is heard",
        description="Run until SIGTERM or Ctrl-C (a second one stops at once), or until every recording has ended. "
        "SIGHUP takes up a changed configuration and changed models, as far as it can, without a pause.",
    )
    add_config(parser)


def run(options: argparse.Namespace) -> int:
    """Start the daemon; where a command asks for a restart, begin anew in its place, under the same process id."""
    from edged.runtime.heap import share_arenas

    share_arenas()  # before what is imported now starts threads
    from edged.changes import Changes, changes_path
    from edged.daemon import Daemon
    from edged.runtime import logs
    from edged.runtime.machine import state_folder
    from edged.runtime.only_one import claim
    from edged.settings import read_settings

    faulthandler.enable()  # every thread's stack on standard error when systemd's watchdog aborts us, or a library does
    file = read_settings(options.config)
    logs.set_up(file.log)
    claim(state_folder(os.environ, os.getuid()))
    changes = Changes(changes_path())

    def read() -> "Settings":
        return changes.lay_over(read_settings(options.config))

    daemon = Daemon(changes.lay_over(file), sys.stdout, read, changes)
    daemon.obey_signals()
    status = daemon.run()
    if daemon.restarting:
        os.execv(sys.executable, [sys.executable, "-m", "edged", *sys.argv[1:]])  # noqa: S606  # our own program
    return status

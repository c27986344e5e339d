"""The command line: one file a command, each with ``add_parser`` and ``run``."""

import argparse
import importlib
import os
import sys
from types import ModuleType

from edged import __version__
from edged.errors import EdgedError

COMMANDS = (
    "run",
    "status",
    "watch",
    "check",
    "replay",
    "events",
    "report",
    "enroll",
    "people",
    "models",
    "devices",
    "doctor",
    "support-bundle",
    "rollback",
    "completion",
)

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: on matrices this small its threads only cost


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="edged",
        description="A sensor box its operator trusts: hears drones and says so over MQTT.",
        epilog="`edged COMMAND --help` tells more. Exit status: 0 ok, 1 failed, 2 usage, 78 faulty configuration.",
    )
    top.add_argument("--version", action="version", version=f"edged {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        _module(name).add_parser(commands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(_module(options.command).run(options))
    except EdgedError as error:
        sys.stderr.write(f"edged: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output (`edged … | head`) has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _module(command: str) -> ModuleType:
    return importlib.import_module(f"edged.cli.{command.replace('-', '_')}")

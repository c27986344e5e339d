"""``edged doctor``: what is wrong with this box, and what to do about it."""

import argparse
import logging
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from edged.checkup.table import CHECKS
from edged.cli.arguments import add_config
from edged.cli.terminal import print_json, progress

if TYPE_CHECKING:
    from edged.checkup.box import Box
    from edged.runtime.finding import Finding


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "doctor",
        help="what is wrong with this box",
        description="Check the box and print each finding with its remedy. With no check named, all of them are made. "
        "Nothing is changed, and edged may run meanwhile. Exit status 1 where there is a fault, 78 where it is in the "
        "configuration; a warning is none. What an ordinary user may not see is named as such.",
    )
    for name, check in CHECKS.items():
        parser.add_argument(f"--{name}", action="append_const", dest="checks", const=name, help=check.about)
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Make the checks and print what they found."""
    from edged.checkup.box import look_at

    logging.getLogger("edged").addHandler(logging.NullHandler())  # what is found is told as a finding
    box = look_at(options.config)
    found = examine(box, options.checks or list(CHECKS))
    if options.json:
        print_json({name: [asdict(finding) for finding in findings] for name, findings in found.items()})
    else:
        _print(found)
    return exit_status(box, found)


def examine(box: "Box", names: list[str]) -> "dict[str, list[Finding]]":
    """What the checks of those names find; how far they are is shown on a terminal."""
    from edged.checkup.side_by_side import check_up

    checks = {name: CHECKS[name] for name in dict.fromkeys(names)}
    if box.faults:
        checks = {"configuration": CHECKS["configuration"], **checks}
    waiting = list(checks)
    with progress() as bar:
        task = bar.add_task(", ".join(waiting), total=len(checks))

        def told(name: str) -> None:
            waiting.remove(name)
            bar.update(task, advance=1, description=", ".join(waiting))

        return check_up(checks, box, told)


def exit_status(box: "Box", found: "dict[str, list[Finding]]") -> int:
    """By the worst."""
    from edged.errors import ConfigError
    from edged.runtime.finding import Level

    if box.faults:
        return ConfigError.exit_code
    return int(any(finding.level is Level.FAULT for findings in found.values() for finding in findings))


def _print(found: "dict[str, list[Finding]]") -> None:
    """A line a finding, aligned; its remedy below it, a line of its own that can be copied whole."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True, file=sys.stdout)
    colours = {"ok": "green", "warning": "yellow", "fault": "bold red"}
    width = max((len(finding.about) for findings in found.values() for finding in findings), default=0)
    for name, findings in found.items():
        console.print(Text(name, "bold"))
        for finding in findings:
            level = Text(f"  {finding.level:<7}", colours[finding.level])
            console.print(Text.assemble(level, f"  {finding.about:<{width}}  {finding.found}"))
            if finding.remedy:
                console.print(Text.assemble(" " * (width + 13), (finding.remedy, "cyan")))

"""``edged doctor``: what is wrong with this box, and what to do about it."""

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from edged.cli.arguments import add_config
from edged.cli.terminal import print_json


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "doctor",
        help="what is wrong with this box",
        description="Check the box and print each finding with its remedy. With no check named, all of them are made. "
        "Exit status 1 where there is a fault; a warning is none.",
    )
    for name, (_, description) in CHECKS.items():
        parser.add_argument(f"--{name}", action="append_const", dest="checks", const=name, help=description)
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Make the checks and print what they found."""
    from edged.runtime.finding import Level
    from edged.settings import read_settings

    settings = read_settings(options.config)
    names = options.checks or list(CHECKS)
    found = {name: list(CHECKS[name][0](settings)) for name in dict.fromkeys(names)}
    if options.json:
        print_json({name: [asdict(finding) for finding in findings] for name, findings in found.items()})
    else:
        _print(found)
    return int(any(finding.level is Level.FAULT for findings in found.values() for finding in findings))


def _accelerator(settings: Any) -> Iterable[Any]:
    from edged.inference.checks.accelerator import AcceleratorCheck, check_accelerator

    return check_accelerator(AcceleratorCheck(settings.accelerator.edgetpu))


CHECKS: dict[str, tuple[Callable[[Any], Iterable[Any]], str]] = {
    "accelerator": (_accelerator, "the Edge TPU, its library and the TFLite runtimes"),
}
"""By name: the check, which takes the settings and gives findings, and what it is about."""


def _print(found: dict[str, list[Any]]) -> None:
    """A line a finding, aligned; its remedy below it, a line of its own that can be copied whole."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True, file=sys.stdout)
    colours = {"ok": "green", "warning": "yellow", "fault": "bold red"}
    width = max(len(finding.about) for findings in found.values() for finding in findings)
    for name, findings in found.items():
        console.print(Text(name, "bold"))
        for finding in findings:
            level = Text(f"  {finding.level:<7}", colours[finding.level])
            console.print(Text.assemble(level, f"  {finding.about:<{width}}  {finding.found}"))
            if finding.remedy:
                console.print(Text.assemble(" " * (width + 13), (finding.remedy, "cyan")))

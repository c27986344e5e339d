"""``edged devices``: the microphones that are there."""

import argparse
import sys
from typing import Any


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    commands.add_parser(
        "devices", help="list microphones", description="List the devices that can record, by number and name."
    )


def run(_options: argparse.Namespace) -> int:
    """Print one line a device; EdgedError where there is none."""
    from edged.errors import EdgedError
    from edged.sources.microphone import describe, input_devices

    if not (devices := input_devices()):
        raise EdgedError("no device can record; plug in a microphone, and be root or a member of group audio")
    sys.stdout.write(describe(devices) + "\n")
    return 0

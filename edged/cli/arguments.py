"""Arguments that several commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any


def add_config(parser: argparse.ArgumentParser, default: Any = None) -> None:
    """``-c FILE``, the config; ``default`` argparse.SUPPRESS keeps what an outer parser was told."""
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        default=default,
        help="default: edged.yaml, /etc/edged/edged.yaml",
    )


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """For ``type=``: a whole number in [least, most], refused in words that say so."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text[:20]) <= most:
            raise argparse.ArgumentTypeError(f"{text!r}, must be a whole number in [{least}, {most}]")
        return int(text)

    return read

"""Arguments that several commands share."""

import argparse
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

"""``edged check``: tells whether a configuration is right."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "check",
        help="check a configuration",
        description="Print every fault of a configuration with file, line, key, value and remedy, or ok.",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: edged.yaml, /etc/edged/edged.yaml")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--defaults", action="store_true", help="print every default, commented, as YAML")
    what.add_argument("--schema", action="store_true", help="print the JSON Schema, for editors")
    what.add_argument(
        "--contract",
        type=Path,
        metavar="FOLDER",
        help="write what goes over the wire: asyncapi.yaml and the JSON Schemas of all messages",
    )


def run(options: argparse.Namespace) -> int:
    """Check, or print what there is to set."""
    if options.contract:
        return _write_contract(options.contract)

    from edged.config import ConfigFaults
    from edged.settings import Settings, examples, find_settings, read_settings

    if options.defaults:
        from edged.cli.defaults import commented_yaml

        sys.stdout.write(commented_yaml(Settings, examples()))
        return 0
    if options.schema:
        sys.stdout.write(json.dumps(Settings.model_json_schema(), indent=2) + "\n")
        return 0
    try:
        read_settings(options.file)
    except ConfigFaults as faults:
        sys.stdout.write(f"{faults}\n")
        return faults.exit_code
    sys.stdout.write(f"{find_settings(options.file) or 'defaults'}: ok\n")
    return 0


def _write_contract(folder: Path) -> int:
    from edged.contract import write
    from edged.errors import EdgedError

    try:
        write(folder)
    except OSError as error:
        raise EdgedError(f"{folder}: {error.strerror or error}; name a folder that you may write to") from None
    return 0

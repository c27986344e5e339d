"""Passphrases: from a file or typed in, never from the command line, which everybody on the box can read."""

import argparse
import getpass
import sys
from pathlib import Path
from typing import Any

from edged.errors import EdgedError


def add_passphrase(parser: Any) -> None:
    """``--passphrase-file``."""
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="its first line is the passphrase; default: ask for it"
    )


def read_passphrase(options: argparse.Namespace, *, twice: bool) -> str:
    """The passphrase; EdgedError where there is none. ``twice``: typed in it is asked for again."""
    path: Path | None = options.passphrase_file
    if path is not None:
        try:
            text = path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            raise EdgedError(f"--passphrase-file {path}: cannot be read: {reason}") from None
    elif sys.stdin.isatty():
        text = getpass.getpass("passphrase: ")
        if twice and text != getpass.getpass("again: "):
            raise EdgedError("passphrase: the two differ; nothing was done")
    else:
        raise EdgedError("passphrase: nobody is here to type it; --passphrase-file names a file that has it")
    if not text:
        raise EdgedError("passphrase: is empty")
    return text

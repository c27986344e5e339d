"""``edged models verify``: whether the models are as their cards say."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import complain


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "verify",
        help="check models' files and signatures",
        description="Compare every file with its sum, read what those that run hold, and check the signature where "
        "there is one or models.require_signature asks for one. Nothing is run.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all that are here")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line a model; 1 where one is not as its card says."""
    from edged.checkup.models import verified
    from edged.errors import ModelError
    from edged.inference.catalogue import Catalogue

    catalogue, failed = Catalogue(settings.models), False
    for name in options.names or catalogue.names():
        try:
            sys.stdout.write(f"{name}: {verified(catalogue.folder(name), settings.models.signatures)}\n")
        except ModelError as error:
            complain(error)
            failed = True
    return int(failed)

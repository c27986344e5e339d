"""``edged models show``: a model's card, and whether its files are as it says."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import print_json


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("show", help="a model's card")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """The card of verified files."""
    import yaml

    from edged.inference.card import read_card, read_verified
    from edged.inference.catalogue import Catalogue

    folder = Catalogue(settings.models).folder(options.name)
    card = read_card(folder)
    sizes = {role: len(read_verified(folder, card, role)) for role in card.files}
    shown = card.model_dump(mode="json") | {"folder": str(folder), "verified_bytes": sizes}
    if options.json:
        print_json(shown)
    else:
        sys.stdout.write(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=118))
    return 0

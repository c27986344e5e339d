"""``edged models sign``: vouch for a model, so that boxes that require it use it."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "sign",
        help="sign a model",
        description="Check the model's files and sign its card, which holds their sums. Boxes with "
        "models.require_signature use it where models.trusted_keys names the public key.",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--key", type=Path, required=True, metavar="PRIVATE.pem", help="an ed25519 key of openssl's")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line."""
    from edged.inference.catalogue import Catalogue
    from edged.inference.files.card import read_card
    from edged.inference.files.signature import NAME, fingerprint, sign
    from edged.inference.files.verify import verify

    folder = Catalogue(settings.models).folder(options.name)
    card = read_card(folder)
    for role in card.files:  # who signs says that they are right
        verify(folder, card, role)
    public = sign(folder, options.key)
    sys.stdout.write(f"{options.name}: signed by {fingerprint(public)}, in {folder / NAME}\n")
    return 0

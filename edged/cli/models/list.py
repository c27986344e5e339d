"""``edged models list``: the models that are here."""

import argparse
from typing import Any

from edged.cli.terminal import print_json, print_table


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser("list", help="the models that are here")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line a model."""
    from edged.inference.card import read_card
    from edged.inference.catalogue import Catalogue

    catalogue = Catalogue(settings.models)
    cards = [read_card(catalogue.folder(name)) for name in catalogue.names()]
    if options.json:
        print_json(
            [card.model_dump(mode="json", include={"name", "version", "task", "labels", "licence"}) for card in cards]
        )
    else:
        rows = [(card.name, card.version, card.task, ", ".join(card.labels)) for card in cards]
        print_table(("name", "version", "task", "labels"), rows)
    return 0

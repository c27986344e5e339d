"""``edged models pull``: fetches models of the catalogue, from upstream or a mirror."""

import argparse
import sys
from typing import Any

from edged.cli.terminal import complain, progress


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "pull",
        help="fetch models of the catalogue",
        description="Fetch models into models.path. Each file is checked against the sum in the catalogue, and a model "
        "appears whole or not at all. What is here already is left as it is; what was interrupted is gone on with.",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("names", nargs="*", default=[], metavar="NAME", help="as `edged models list` shows them")
    what.add_argument("--all", action="store_true", help="every model of the catalogue")
    parser.add_argument("--mirror", metavar="DIR|URL", help="take the files from below a folder, or from a web server")
    parser.add_argument("--force", action="store_true", help="fetch what is here already once more")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line a model; 1 where one could not be had."""
    from edged.errors import ModelError
    from edged.inference.catalogue import Catalogue
    from edged.inference.supply.origin import mirror

    catalogue, origin = Catalogue(settings.models), mirror(options.mirror)
    failed = False
    for name in catalogue.available() if options.all else options.names:
        try:
            sys.stdout.write(f"{name}: {_pull(catalogue, name, origin, force=options.force)}\n")
        except ModelError as error:
            complain(error)
            failed = True
        except KeyboardInterrupt:
            complain(f"model {name}: interrupted; the same command goes on from there")
            return 1
    return int(failed)


def _pull(catalogue: Any, name: str, origin: Any, *, force: bool) -> str:
    """What was done."""
    from edged.inference.supply import store

    card = catalogue.entry(name)
    hint = f"; `edged models build {name}` makes the model of it" if set(card.files) == {"source"} else ""
    if not force and store.is_here(catalogue.path, card):
        return f"is here already, in {catalogue.path / name}"
    total = sum(file.size for file in card.files.values())
    with progress() as bar:
        task = bar.add_task(name, total=total)
        store.pull(catalogue.path, card, origin, lambda done: bar.update(task, completed=done))
    return f"fetched, {total / 1000:,.0f} kB, into {catalogue.path / name}{hint}"

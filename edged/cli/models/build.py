"""``edged models build``: makes a model that upstream ships in another format."""

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from edged.cli.terminal import progress

NEEDED = ("onnx", "PIL", "tensorflow")
"""What the extra `train` brings."""


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "build",
        help="make a model that upstream ships in another format",
        description="Fetch the source of a model where it is not here, convert it, and put the model into models.path. "
        "The same source and images give the same bytes. Needs what `scripts/setup train` installs, in a clone.",
    )
    parser.add_argument("name", metavar="NAME", help="face_embedding or veracity")
    parser.add_argument("--images", type=Path, metavar="DIR", help="cut-out faces by which to set the scales of int8")
    parser.add_argument("--mirror", metavar="DIR|URL", help="take the source from below a folder, or from a web server")


def run(settings: Any, options: argparse.Namespace) -> int:
    """One line."""
    from edged.errors import ModelError
    from edged.inference.catalogue import Catalogue
    from edged.inference.supply import store
    from edged.inference.supply.origin import FolderMirror, mirror

    catalogue = Catalogue(settings.models)
    entry = catalogue.entry(options.name)
    if "source" not in entry.files:
        raise ModelError(f"model {entry.name}: need not be built; `edged models pull {entry.name}` fetches it")
    if lacking := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ModelError(
            f"`edged models build` needs {', '.join(lacking)}; `scripts/setup train` in a clone installs it"
        )
    from edged.training import convert

    here = store.is_here(catalogue.path, entry)
    origin = FolderMirror(catalogue.path / entry.name) if here else mirror(options.mirror)
    with store.staged(catalogue.path, entry.name) as folder, progress() as bar:
        task = bar.add_task(f"{entry.name}: source", total=sum(file.size or 0 for file in entry.files.values()))
        store.fetch(entry, folder, origin, lambda done: bar.update(task, completed=done))
        bar.update(task, description=f"{entry.name}: converting", total=None)
        card = convert.build(entry, folder, options.images)
        store.write_card(folder, card, f"Made by `edged models build {entry.name}`.")
    kilobytes = (card.files["cpu"].size or 0) / 1000
    sys.stdout.write(f"{entry.name}: built, {kilobytes:,.0f} kB, in {catalogue.path / entry.name}\n")
    return 0

"""Copies of the shipped model under other names, as a box would get new ones; sound or damaged."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from edged.inference.catalogue import shipped_models

Edit = Callable[[dict[str, Any]], object]


def nothing(_card: dict[str, Any]) -> None:
    """Leave the card as it is."""


def install(models: Path, name: str, edit: Edit = nothing) -> Path:
    """The shipped model in ``models/<name>``, its card changed by ``edit``; another in its place goes."""
    folder = models / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shipped_models() / "drone_sound", folder)
    change(folder, lambda card: (card.update(name=name), edit(card)))
    return folder


def change(folder: Path, edit: Edit) -> None:
    """Change the card in ``folder``."""
    card = yaml.safe_load((folder / "card.yaml").read_text())
    edit(card)
    (folder / "card.yaml").write_text(yaml.safe_dump(card))


def replace_file(folder: Path, role: str, content: bytes) -> None:
    """Put other content in place of a file, with the sum that fits it on the card."""
    card = yaml.safe_load((folder / "card.yaml").read_text())
    (folder / card["files"][role]["path"]).write_bytes(content)
    change(folder, lambda card: card["files"][role].update(sha256=hashlib.sha256(content).hexdigest()))

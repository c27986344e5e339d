"""Catalogue: the models that are on this box, and those that can be had."""

import difflib
import os
import re
import sysconfig
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from edged.config import SLUG, Fault, Key, Section
from edged.config.yaml_file import read_yaml
from edged.errors import ModelError
from edged.inference.cpu_model import CpuModel
from edged.inference.files.card import Card
from edged.inference.files.signature import SignaturePolicy
from edged.runtime.machine import state_folder


class ModelsConfig(Section):
    """Where models are and how they run."""

    path: Path | None = None
    """Folder that `edged models pull` fetches into, looked in before the models that came with edged; null: `models` in
    systemd's state directory, else /var/lib/edged/models for root, else ~/.local/share/edged/models."""
    threads: int = Field(1, ge=1, le=16)
    """Threads of one inference on the CPU."""
    require_signature: bool = False
    """Refuse models that none of `trusted_keys` has signed as they are; `edged models sign` signs one."""
    trusted_keys: tuple[Path, ...] = ()
    """Public keys (ed25519, PEM) of those whose models are trusted."""

    @property
    def signatures(self) -> SignaturePolicy:
        """Whose models are used."""
        return SignaturePolicy(self.require_signature, self.trusted_keys)

    @model_validator(mode="after")
    def _somebody_is_trusted(self) -> "ModelsConfig":
        if self.require_signature and not self.trusted_keys:
            raise ValueError("trusted_keys: [], must name at least one public key where require_signature is true")
        return self


def shipped_models() -> Path:
    """The folder that came with edged: of the source tree, or of the installed package."""
    tree = Path(__file__).resolve().parents[2] / "models"
    return tree if tree.is_dir() else Path(sysconfig.get_path("data")) / "share" / "edged" / "models"


class Catalogue:
    """Finds models by name and loads them."""

    def __init__(self, config: ModelsConfig, shipped: Path | None = None) -> None:
        """``shipped``: the folder that came with edged, with ``catalogue.yaml``; None: :func:`shipped_models`."""
        self._config = config
        self._shipped = shipped or shipped_models()
        self.path = config.path or state_folder(os.environ, os.getuid()) / "models"

    def names(self) -> list[str]:
        """The models that have a card."""
        cards = [card for folder in (self.path, self._shipped) for card in folder.glob("*/card.yaml")]
        return sorted({card.parent.name for card in cards if re.fullmatch(SLUG, card.parent.name)})

    def folder(self, name: str) -> Path:
        """The model's folder; ModelError that says how to get it, or a near name, where there is none."""
        names = self.names()
        if name in names:
            own = self.path / name
            return own if (own / "card.yaml").is_file() else self._shipped / name
        if name in self.available():
            raise ModelError(
                f"model {name!r}: is in the catalogue, but not here; `edged models pull {name}` fetches it"
            )
        raise ModelError(f"model {name!r}: neither in {self.path} nor in the catalogue; {self._hint(name)}")

    def entry(self, name: str) -> Card:
        """The model as it can be had; ModelError with a near name where it cannot be."""
        if name in self.available():
            return self.available()[name]
        if name in self.names():
            raise ModelError(f"model {name!r}: is here, and not in the catalogue: there is nothing to fetch")
        raise ModelError(f"model {name!r}: is not in the catalogue; {self._hint(name)}")

    def available(self) -> Mapping[str, Card]:
        """The models that can be had, by name; ModelError with file, line and key where the list is faulty."""
        return self._available

    def load(self, name: str) -> CpuModel:
        """The model, verified and ready to run."""
        return CpuModel(self.folder(name), self._config.threads, self._config.signatures)

    def _hint(self, name: str) -> str:
        known = sorted({*self.names(), *self.available()})
        near = difflib.get_close_matches(name, known, n=1)
        return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"

    @cached_property
    def _available(self) -> Mapping[str, Card]:
        path = self._shipped / "catalogue.yaml"
        if not path.exists():
            return {}
        entries, lines, faults = read_yaml(path)
        if faults or not isinstance(entries, dict):
            raise ModelError(str(faults[0]) if faults else f"{path}: must be a mapping of names to cards")
        return {name: _card(path, name, entry, lines) for name, entry in entries.items()}


def _card(path: Path, name: str, entry: Any, lines: Mapping[Key, int]) -> Card:
    """One entry; its name is the key, and a download needs to know whence and how much."""
    where = str(path)
    try:
        card = Card.model_validate({"name": name, **entry} if isinstance(entry, dict) else entry)
    except ValidationError as error:
        first = error.errors()[0]
        key = (name, *first["loc"])
        line = next((lines[key[:depth]] for depth in range(len(key), 0, -1) if key[:depth] in lines), 0)
        raise ModelError(str(Fault(key, first["msg"], where, line))) from None
    for role, file in card.files.items():
        if file.url is None or file.size is None:
            key = (name, "files", role)
            raise ModelError(str(Fault(key, "needs url and size", where, lines[key])))
    return card

"""Catalogue: the models that are here, each in a folder of its own below the models' folder."""

import difflib
import sysconfig
from pathlib import Path

from pydantic import Field

from edged.config import Section
from edged.errors import ModelError
from edged.inference.cpu_model import CpuModel


class ModelsConfig(Section):
    """Where models are and how they run."""

    path: Path | None = None
    """Folder with one folder per model; null: the one that came with edged."""
    threads: int = Field(1, ge=1, le=16)
    """Threads of one inference on the CPU."""


def shipped_models() -> Path:
    """The folder that came with edged: of the source tree, or of the installed package."""
    tree = Path(__file__).resolve().parents[2] / "models"
    return tree if tree.is_dir() else Path(sysconfig.get_path("data")) / "share" / "edged" / "models"


class Catalogue:
    """Finds models by name and loads them."""

    def __init__(self, config: ModelsConfig) -> None:
        self._config = config
        self.path = config.path or shipped_models()

    def names(self) -> list[str]:
        """The models that have a card."""
        return sorted(card.parent.name for card in self.path.glob("*/card.yaml"))

    def folder(self, name: str) -> Path:
        """The model's folder; ModelError with a near name where there is none."""
        names = self.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}"
            raise ModelError(f"model {name!r}: not in {self.path}; {hint}")
        return self.path / name

    def load(self, name: str) -> CpuModel:
        """The model, verified and ready to run."""
        return CpuModel(self.folder(name), self._config.threads)

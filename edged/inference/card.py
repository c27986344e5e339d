"""Card: the facts of one model, read from ``models/<name>/card.yaml``, and the check that its files are as it says."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from edged.config import Section, Slug
from edged.errors import ModelError


class ModelFile(Section):
    """One file of a model, relative to its card."""

    path: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Tensor(Section):
    """One input or output of a model."""

    name: str
    shape: tuple[int, ...]
    dtype: Literal["int8", "uint8", "int16", "int32", "float32"]
    scale: float = 0.0
    """real = scale · (quantised - zero_point); 0 where the tensor is not quantised."""
    zero_point: int = 0

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


class Card(Section):
    """What a model is for, what it is made of, how well it does and where its limits are."""

    name: Slug
    version: str
    task: str
    files: dict[str, ModelFile]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...]
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Numbers that training fixed, such as the features' parameters."""
    licence: str
    source: str
    data: tuple[Any, ...] = ()
    split: str = ""
    metrics: dict[str, Any] = Field(default_factory=dict)
    limits: tuple[str, ...] = ()

    def output(self, name: str) -> int:
        """The position of the output of that name; ModelError where the model has none."""
        names = [tensor.name for tensor in self.outputs]
        if name not in names:
            raise ModelError(f"model {self.name}: has no output {name!r}, only {', '.join(names)}")
        return names.index(name)


def read_card(folder: Path) -> Card:
    """The card in ``folder``; ModelError with what is wrong and where."""
    path = folder / "card.yaml"
    try:
        return Card.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file; `edged models list` shows the models that are here") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def read_verified(folder: Path, card: Card, role: str) -> bytes:
    """The content of the model's file for ``role`` (``cpu``, ``unknown``, …); ModelError unless its hash is the card's.

    A damaged model makes one of the runtimes crash the process, so nothing is handed to it unverified.
    """
    if role not in card.files:
        raise ModelError(f"model {card.name}: its card names no file for {role!r}")
    path = folder / card.files[role].path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"model {card.name}: {path} cannot be read: {error.strerror}; install the model again"
        ) from None
    actual, expected = hashlib.sha256(content).hexdigest(), card.files[role].sha256
    if actual != expected:
        raise ModelError(
            f"model {card.name}: {path} has sha256 {actual[:12]}…, its card says {expected[:12]}…: "
            "the file is damaged or was changed; install the model again"
        )
    return content


def verified_file(folder: Path, card: Card, role: str) -> Path:
    """The path of the model's file for ``role``, checked as by :func:`read_verified`."""
    read_verified(folder, card, role)
    return folder / card.files[role].path

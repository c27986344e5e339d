"""Card: the facts of one model, read from ``models/<name>/card.yaml``."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from edged.config import Section, Slug
from edged.config.yaml_file import Builder
from edged.errors import ModelError
from edged.inference.files.signature import ANY, SignaturePolicy


class ModelFile(Section):
    """One file of a model, relative to its card."""

    path: str = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    url: str | None = None
    """Where it can be fetched."""
    size: int | None = Field(None, ge=0)
    """Bytes."""


class Tensor(Section):
    """One input or output of a model."""

    name: str
    shape: tuple[int, ...]
    """-1 where the file leaves a size open."""
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
    """By role: ``cpu`` and ``edgetpu`` (compiled for it) run, the others are what the task needs besides."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...]
    """Of the classes, in the output's order; () where the file of role ``labels`` has them, one a line."""
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


def read_card(folder: Path, policy: SignaturePolicy = ANY) -> Card:
    """The card in ``folder``; ModelError with what is wrong and where, or where ``policy`` does not trust it."""
    path = folder / "card.yaml"
    try:
        content = path.read_bytes()
        policy.check(folder, content)
        return Card.model_validate(_parse(content.decode("utf-8"), path))
    except FileNotFoundError:
        raise ModelError(f"{path}: no such file; `edged models list` shows the models that are here") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _parse(text: str, path: Path) -> Any:
    """Within the limits of a configuration: whoever offers a model wrote its card."""
    builder = Builder(str(path))
    content = builder.parse(text)
    if builder.faults:
        raise ModelError(str(builder.faults[0]))
    return content

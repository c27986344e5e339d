"""Converted: a model that was made of one in another format, and the facts that came to light on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion gives; the fields are those of a card."""

    content: bytes
    """TFLite."""
    inputs: tuple[str, ...]
    """Our names, in the interpreter's order."""
    outputs: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = ()

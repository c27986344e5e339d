"""Faults of a configuration: what is wrong, and where a person finds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edged.errors import ConfigError

Key = tuple[str | int, ...]
"""``("sources", "mic", "rate_hz")``; an int is a place in a list, from 0."""


def dotted(key: Key) -> str:
    """``("sources", "mic", "rate_hz")`` -> ``sources.mic.rate_hz``."""
    return ".".join(map(str, key))


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a person must mend."""

    key: Key
    problem: str
    where: str = ""
    """The file or the environment variable."""
    line: int = 0
    """From 1; 0: none."""

    def __str__(self) -> str:
        where = f"{self.where}:{self.line}" if self.line else self.where
        text = ": ".join(filter(None, (where, dotted(self.key), self.problem)))
        return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class ConfigFaults(ConfigError):  # noqa: N818  # it is many
    """Everything that is wrong with a configuration, in the order of its lines."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.where, fault.line))
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each key was set."""

    path: Path | None
    lines: Mapping[Key, int]
    variables: Mapping[Key, str]

    def __call__(self, key: Key) -> tuple[str, int]:
        """File and line, or variable and 0; of what set a part of it, else of the nearest key above."""
        if key not in self.lines:
            for set_key, variable in self.variables.items():
                if key and set_key[: len(key)] == key:
                    return f"${variable}", 0
        for length in range(len(key), 0, -1):
            if key[:length] in self.variables:
                return f"${self.variables[key[:length]]}", 0
            if key[:length] in self.lines:
                return str(self.path), self.lines[key[:length]]
        return str(self.path or "defaults"), 0

"""Configuration: YAML and environment -> one validated, immutable object, or every fault at once.

Knows how to read, not what: each part of the box declares its own :class:`Section`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from edged.config.environment import Override, override, read_environment
from edged.config.explain import Explain
from edged.config.faults import ConfigFaults, Fault, Key, Origins, dotted
from edged.config.section import SLUG, SecretFile, Section, Slug
from edged.config.yaml_file import read_yaml

__all__ = ["SLUG", "ConfigFaults", "Fault", "Key", "SecretFile", "Section", "Slug", "dotted", "load"]

S = TypeVar("S", bound=Section)


def load(schema: type[S], path: Path | None, environment: Mapping[str, str]) -> S:
    """Read ``path`` (None: defaults alone), then what ``environment`` overrides.

    Raises ConfigFaults with all that is wrong, each with file, line, key, value and remedy.
    """
    data: Any = {}
    lines: dict[Key, int] = {}
    faults: list[Fault] = []
    if path is not None:
        data, lines, faults = read_yaml(path)
        if not isinstance(data, dict):
            raise ConfigFaults(faults or [Fault((), "must be a mapping of keys to values", str(path), 1)])
    explain = Explain(schema)
    overrides = list(read_environment(environment, explain))
    faults += override(data, overrides, schema)
    settings, wrong = _validate(schema, data, explain, Origins(path, lines, _variables(overrides)))
    if settings is None or faults or wrong:
        known = {fault.key for fault in faults}
        raise ConfigFaults([*faults, *(fault for fault in wrong if fault.key not in known)])
    return settings


def _variables(overrides: list[Override]) -> dict[Key, str]:
    return {one.key: one.variable for one in overrides}


def _validate(schema: type[S], data: Any, explain: Explain, origins: Origins) -> tuple[S | None, list[Fault]]:
    found = dict(explain.misread(data, ()))
    settings = None
    try:
        settings = schema.model_validate(data)
    except ValidationError as error:
        found |= dict(explain(item) for item in error.errors(include_url=False))
    return settings, [Fault(key, problem, *origins(key)) for key, problem in found.items()]

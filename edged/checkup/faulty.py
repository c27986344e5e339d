"""Faulty: what can still be read of a configuration that cannot be used, so that the right edged is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edged.config.environment import override, read_environment
from edged.config.explain import Explain
from edged.config.yaml_file import read_yaml
from edged.control.config import ControlConfig
from edged.settings import Settings

NAME = "control"


def control_of(file: Path | None, environment: Mapping[str, str]) -> ControlConfig:
    """Where the control socket is: what the file says of it, then the environment, whatever is wrong elsewhere.

    A key that is faulty itself has its default, and so have all where the file is no YAML.
    """
    content = read_yaml(file)[0] if file is not None else None
    written = content.get(NAME) if isinstance(content, dict) else None
    data: dict[str, Any] = {NAME: written if isinstance(written, dict) else {}}
    overrides = [one for one in read_environment(environment, Explain(Settings)) if one.key[0] == NAME]
    list(override(data, overrides, Settings))  # what cannot be put in is among the faults already
    keys = data[NAME] if isinstance(data[NAME], dict) else {}
    return ControlConfig.model_validate({key: value for key, value in keys.items() if _can_be_used(key, value)})


def _can_be_used(key: str, value: Any) -> bool:
    """Whether it is right by itself."""
    try:
        ControlConfig.model_validate({key: value})
    except ValidationError:
        return False
    return True

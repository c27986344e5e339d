"""Every default as commented YAML, made from the same declarations that check a configuration."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from edged.config import Section

WIDTH = 118
HEADER = """\
# edged: every setting with its default. A setting left out has the value that stands here.
# `edged check FILE` tells what is wrong with a file; environment variables override it: EDGED_MQTT__HOST=broker.
"""


Examples = Mapping[str, Mapping[str, Section]]
"""By a setting's name: what may stand there besides its default."""


def commented_yaml(schema: type[Section], examples: Examples) -> str:
    """The whole file; made anew by ``edged check --defaults > config/edged.yaml``. Examples are commented out."""
    return HEADER + "".join(_settings(schema(), examples))


def _settings(settings: Section, examples: Examples) -> Iterator[str]:
    for name, field in type(settings).model_fields.items():
        yield "\n"
        yield from _setting(name, field, getattr(settings, name), 0)
        for example, section in examples.get(name, {}).items():
            lines = "".join(_entry(example, section, 0)).splitlines()
            yield from (f"  # {line}\n" for line in [f"# An example: {type(section).__doc__}", *lines])


def _section(section: Section, depth: int) -> Iterator[str]:
    for name, field in type(section).model_fields.items():
        yield from _setting(name, field, getattr(section, name), depth)


def _setting(name: str, field: FieldInfo, value: Any, depth: int) -> Iterator[str]:
    yield from _comment(field, value, depth)
    yield from _entry(name, value, depth)


def _comment(field: FieldInfo, value: Any, depth: int) -> Iterator[str]:
    text = field.description or (type(value).__doc__ if isinstance(value, Section) else "") or ""
    indent = "  " * depth + "# "
    yield from (f"{line}\n" for line in textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent))


def _entry(name: str, value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, Section):
        yield f"{indent}{name}:\n"
        yield from _section(value, depth + 1)
    elif isinstance(value, dict) and value:
        yield f"{indent}{name}:\n"
        for key, item in value.items():
            yield from _entry(key, item, depth + 1)
    else:
        yield f"{indent}{name}: {_scalar(value)}\n"


def _scalar(value: Any) -> str:
    if value is None or value is PydanticUndefined:
        return "null"
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value and "e" not in f"{value:g}" else f"{value:.9f}".rstrip("0")
    if isinstance(value, str):
        return value
    return json.dumps(value)

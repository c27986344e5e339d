"""Environment variables that override the file: ``EDGED_MQTT__HOST=broker`` is ``mqtt.host``."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from edged.config.explain import Explain
from edged.config.faults import Fault, Key, dotted
from edged.config.section import Section
from edged.config.yaml_file import Builder

PREFIX = "EDGED_"


@dataclass(frozen=True, slots=True)
class Override:
    """One variable, read."""

    key: Key
    value: Any
    variable: str


def read_environment(environment: Mapping[str, str], explain: Explain) -> Iterator[Override]:
    """What the environment sets. Where the schema wants text it is taken as it stands, else it is read as YAML.

    ``EDGED_`` and one name without ``__`` is only ours where that is (nearly) a key: others use the prefix too.
    """
    for variable, text in sorted(environment.items()):
        key: Key = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        if not variable.startswith(PREFIX):
            continue
        if len(key) > 1 or difflib.get_close_matches(str(key[0]), explain.names, n=1, cutoff=0.8):
            yield Override(key, _value(text, explain.types(key)), variable)


def _value(text: str, types: set[str]) -> Any:
    builder = Builder("")
    value = builder.parse(text) if text.strip() else None
    if builder.faults or ("string" in types and not _is_one_of(value, types - {"string"})):
        return text
    return value


def _is_one_of(value: Any, types: set[str]) -> bool:
    """Whether a value that YAML sees in the text is one that the schema takes beside text."""
    return (value is None and "null" in types) or (type(value) is int and "integer" in types)


def override(data: dict[str, Any], overrides: Iterable[Override], schema: type[Section]) -> Iterator[Fault]:
    """Put the overrides into ``data``, over the default where the file says nothing; yields what cannot be put."""
    for one in overrides:
        name = str(one.key[0])
        if name not in data and name in schema.model_fields:
            default = schema.model_fields[name].get_default(call_default_factory=True, validated_data={})
            data[name] = to_jsonable_python(default)
        if (blocked := _put(data, one.key, one.value)) is not None:
            yield Fault(
                one.key, f"{dotted(blocked)} is not a mapping of keys to values; set it whole", f"${one.variable}"
            )


def _put(data: dict[str, Any], key: Key, value: Any) -> Key | None:
    """Set the value; the key above it that is in the way, where there is one."""
    for depth, name in enumerate(key[:-1], start=1):
        child = data.get(str(name))
        if child is None:
            child = data[str(name)] = {}
        elif not isinstance(child, dict):
            return key[:depth]
        data = child
    data[str(key[-1])] = value
    return None

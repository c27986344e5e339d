"""Configuration: YAML and environment -> one validated, immutable object, or every fault at once.

Knows how to read, not what: each part of the box declares its own :class:`Section`.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from edged.errors import ConfigError

ENVIRONMENT_PREFIX = "EDGED_"
SLUG = r"[a-z0-9_-]{1,40}"


class Section(BaseModel):
    """One part of the configuration: immutable, and a key it does not know is a fault."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True, allow_inf_nan=False
    )


Slug = Annotated[str, StringConstraints(pattern=f"^{SLUG}$")]
"""A name that may stand in an MQTT topic."""


def _expand_credentials(path: Path) -> Path:
    """``${CREDENTIALS_DIRECTORY}/x``: where systemd puts a service's secrets."""
    if "${CREDENTIALS_DIRECTORY}" not in str(path):
        return path
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        raise ValueError("CREDENTIALS_DIRECTORY is not set: it is only there under systemd, with LoadCredential=")
    return Path(str(path).replace("${CREDENTIALS_DIRECTORY}", directory))


SecretFile = Annotated[Path, AfterValidator(_expand_credentials)]
"""A file that holds one secret; its content never stands in the configuration, a log or a message."""

S = TypeVar("S", bound=Section)
Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a person must mend."""

    key: Key
    problem: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {dotted(self.key)}: {self.problem}" if self.key else f"{self.where}: {self.problem}"


class ConfigFaults(ConfigError):  # noqa: N818  # it is many
    """Everything that is wrong with a configuration."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def dotted(key: Key) -> str:
    """``("sources", "mic", "rate_hz")`` -> ``sources.mic.rate_hz``."""
    return ".".join(map(str, key))


def load(schema: type[S], path: Path | None, environment: Mapping[str, str]) -> S:
    """Read ``path`` (None: defaults alone), then what ``environment`` overrides.

    Raises ConfigFaults with all that is wrong, each with file, line, key, value and remedy.
    """
    data: Any = {}
    lines: dict[Key, int] = {}
    faults: list[Fault] = []
    if path is not None:
        data, lines, faults = read_yaml(path)
    overrides = list(read_environment(environment))
    if not faults and not isinstance(data, dict):
        faults = [Fault((), "must be a mapping of keys to values", f"{path}:1")]
    if faults:
        raise ConfigFaults(faults)
    for key, value, _ in overrides:
        _put(data, key, value)
    origins = {key: f"${variable}" for key, _, variable in overrides}
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        raise ConfigFaults([_fault(schema, item, path, lines, origins) for item in error.errors()]) from None


def read_yaml(path: Path) -> tuple[Any, dict[Key, int], list[Fault]]:
    """The file's content, the line of each key in it, and what is wrong with it as YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None, {}, [Fault((), "no such file; config/edged.yaml is one to begin with", str(path))]
    except (OSError, UnicodeDecodeError) as error:
        return None, {}, [Fault((), f"cannot be read: {error}", str(path))]
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, {}, [_yaml_fault(error, path)]
    lines: dict[Key, int] = {}
    again = _walk(node, (), lines, set())
    twice = [Fault(key, "stands twice; keep one of them", f"{path}:{line}") for key, line in again]
    return {} if content is None else content, lines, twice


def _yaml_fault(error: Exception, path: Path) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    return Fault((), f"is not YAML: {problem}", f"{path}:{mark.line + 1}" if mark else str(path))


def _walk(node: yaml.Node | None, key: Key, lines: dict[Key, int], seen: set[int]) -> Iterator[tuple[Key, int]]:
    """Note the line of every key below ``node``; yield the keys that stand twice."""
    if id(node) in seen:  # an alias: it may even lead back to itself
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        children = [((*key, name.value), name.start_mark.line + 1, value) for name, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [((*key, i), value.start_mark.line + 1, value) for i, value in enumerate(node.value)]
    else:
        return
    for child, line, value in children:
        if child in lines:
            yield child, line
            continue
        lines[child] = line
        yield from _walk(value, child, lines, seen)


def read_environment(environment: Mapping[str, str]) -> Iterator[tuple[Key, Any, str]]:
    """``EDGED_MQTT__HOST=x`` -> ``("mqtt", "host")``, ``"x"`` and the variable's name. Values are YAML scalars."""
    for variable, text in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or "__" not in variable:
            continue
        key = tuple(variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
        try:
            yield key, yaml.safe_load(text), variable
        except yaml.YAMLError:
            yield key, text, variable


def _put(data: dict[str, Any], key: Key, value: Any) -> None:
    for name in key[:-1]:
        child = data.get(str(name))
        if not isinstance(child, dict):
            child = data[str(name)] = {}
        data = child
    data[str(key[-1])] = value


def _fault(
    schema: type[Section], error: Any, path: Path | None, lines: Mapping[Key, int], origins: Mapping[Key, str]
) -> Fault:
    key = _plain_key(error["loc"], lines, origins)
    return Fault(key, _problem(schema, key, error), _origin(key, path, lines, origins))


def _plain_key(loc: Key, lines: Mapping[Key, int], origins: Mapping[Key, str]) -> Key:
    """The key as a person wrote it: pydantic puts the tag of a union between its names."""
    known = {prefix[:n] for prefix in (*lines, *origins) for n in range(len(prefix) + 1)}
    plain: Key = ()
    for position, name in enumerate(loc):
        last = position == len(loc) - 1
        if (*plain, name) in known or last or not plain:
            plain = (*plain, name)
    return plain


def _origin(key: Key, path: Path | None, lines: Mapping[Key, int], origins: Mapping[Key, str]) -> str:
    for length in range(len(key), 0, -1):
        if key[:length] in origins:
            return origins[key[:length]]
        if key[:length] in lines:
            return f"{path}:{lines[key[:length]]}"
    return str(path or "defaults")


def _problem(schema: type[Section], key: Key, error: Any) -> str:
    """What is wrong, the value, and the remedy."""
    if error["type"] == "extra_forbidden":
        return _unknown_key(schema, key)
    if error["type"] == "missing":
        return "is missing"
    message = re.sub(r"^(Value error, |Assertion failed, )", "", error["msg"])
    message = re.sub(r"^(Input|String|Value) should ", "must ", message)
    value = error.get("input")
    if isinstance(value, dict | list) or message.startswith(str(key[-1:] and key[-1])):
        return message
    return f"{value!r}, {message[:1].lower()}{message[1:]}"


def _unknown_key(schema: type[Section], key: Key) -> str:
    wrong = str(key[-1])
    if wrong in {"password", "secret", "token", "key"}:
        return f"a secret does not stand in the configuration; write it to a file and name that in {wrong}_file"
    known = sorted(_names(schema))
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return "unknown key; " + (f"did you mean {near[0]!r}?" if near else "remove it")


def _names(schema: type[BaseModel]) -> set[str]:
    """Every key that the schema knows, at any depth."""
    definitions = schema.model_json_schema()
    objects = [definitions, *definitions.get("$defs", {}).values()]
    return {name for item in objects for name in item.get("properties", {})}

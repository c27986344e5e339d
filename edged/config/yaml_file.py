"""YAML, read safely: plain data, the line of every key, and limits that no file can go beyond."""

import re
from pathlib import Path
from typing import Any

import yaml

from edged.config.faults import Fault, Key

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_VALUES = 10_000
"""Values in all, with aliases counted as often as they are used (so that "billion laughs" are few)."""

_TAG = "tag:yaml.org,2002:"
_QUOTES = "put the value in quotes"
_REMEDIES = {
    r"'\\t'": "indent with spaces, not with tabs",
    r"character '[%@`]'": _QUOTES,
    "undefined alias|expected alphabetic or numeric": "a value that begins with * or & must stand in quotes",
    "mapping values are not allowed": "a value with a colon in it must stand in quotes, and indentation must be even",
    "expected a single document": "keep one document, without `---` between",
}
"""Part of what the YAML library says -> what to do. What it says itself may hold a piece of the file, a secret even."""


def read_yaml(path: Path) -> tuple[Any, dict[Key, int], list[Fault]]:
    """The file's content (None: it has none that can be used), the line of each key, and what is wrong with it."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            return None, {}, [Fault((), f"is longer than {MAX_BYTES // 1024} KiB, no configuration is", str(path))]
        text = content.decode("utf-8")
    except FileNotFoundError:
        return None, {}, [Fault((), "no such file; config/edged.yaml is one to begin with", str(path))]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, {}, [Fault((), "is not UTF-8; save it as UTF-8", str(path), line)]
    except (OSError, ValueError) as error:
        return None, {}, [Fault((), f"cannot be read: {getattr(error, 'strerror', None) or error}", str(path))]
    builder = Builder(str(path))
    parsed = builder.parse(text)
    return {} if parsed is None and not builder.faults else parsed, builder.lines, builder.faults


class Builder:
    """Makes plain data from YAML text: mappings with text for keys, lists, scalars."""

    def __init__(self, where: str) -> None:
        self.lines: dict[Key, int] = {}
        self.faults: list[Fault] = []
        self._where = where
        self._left = MAX_VALUES

    def parse(self, text: str) -> Any:
        """The content; None where there is none, or where it is not YAML or too much of it."""
        try:
            node = yaml.compose(text, Loader=_Loader)
            return None if node is None else self._value(node, ())
        except yaml.YAMLError as error:
            self._refuse(error, text)
        except _TooMuchError as error:
            self.faults.append(Fault((), str(error), self._where))
        except RecursionError:
            self.faults.append(Fault((), f"is nested deeper than {MAX_DEPTH} levels", self._where))
        return None

    def _refuse(self, error: yaml.YAMLError, text: str) -> None:
        mark, said = getattr(error, "problem_mark", None), str(getattr(error, "problem", "") or "")
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
        if isinstance(error, yaml.reader.ReaderError):
            said = "a character that cannot be printed"
        whole = f"{getattr(error, 'context', '')} {said}"
        remedy = next((remedy for part, remedy in _REMEDIES.items() if re.search(part, whole)), "")
        plain = said.split(" '")[0] if "alias" in said or "tag" in said else said.removeprefix("but ")
        self.faults.append(Fault((), f"is not YAML: {plain}" + (f"; {remedy}" if remedy else ""), self._where, line))

    def _value(self, node: yaml.Node, key: Key) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _TooMuchError(f"holds more than {MAX_VALUES} values")
        if len(key) > MAX_DEPTH:
            raise _TooMuchError(f"is nested deeper than {MAX_DEPTH} levels")
        if not node.tag.startswith(_TAG):
            return self._fault(key, node, "begins with !, which YAML takes for a tag; put it in quotes")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self._entry(item, item, (*key, place)) for place, item in enumerate(node.value)]
        try:
            return yaml.constructor.SafeConstructor().construct_object(node)
        except Exception:  # whatever Python says to such a number or date
            return self._fault(key, node, f"is not what its tag or form says; {_QUOTES}")

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        content: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for name, value in node.value:
            if name.tag == f"{_TAG}merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif not isinstance(name, yaml.ScalarNode):
                self._fault(key, name, "holds a key that is not text")
            elif name.value in content:
                self._fault((*key, name.value), name, "stands twice; keep one of them")
            else:
                content[name.value] = self._entry(name, value, (*key, name.value))
        for other in merged:
            inherited = self._value(other, key)
            content = {**inherited, **content} if isinstance(inherited, dict) else content
        return content

    def _entry(self, at: yaml.Node, value: yaml.Node, key: Key) -> Any:
        self.lines.setdefault(key, at.start_mark.line + 1)
        return self._value(value, key)

    def _fault(self, key: Key, node: yaml.Node, problem: str) -> None:
        self.faults.append(Fault(key, problem, self._where, node.start_mark.line + 1))


class _Loader(yaml.SafeLoader):
    """Stops at the limits, and does not read on first: what is nested deep takes long to read."""

    _depth = _nodes = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth, self._nodes = self._depth + 1, self._nodes + 1
        if self._depth > MAX_DEPTH + 1:
            raise _TooMuchError(f"is nested deeper than {MAX_DEPTH} levels")
        if self._nodes > 2 * MAX_VALUES:  # keys are nodes too
            raise _TooMuchError(f"holds more than {MAX_VALUES} values")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _TooMuchError(Exception):
    """A limit was passed."""

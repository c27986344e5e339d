"""What pydantic found wrong, in words for the person who wrote the file: the key, the value and the remedy.

The words come from the JSON Schema, so that they say what is allowed and not which check failed.
"""

import difflib
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from edged.config import words
from edged.config.faults import Key, dotted

Node = dict[str, Any]

_SECRET = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)
_BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_OWN_WORDS = {"value_error", "assertion_error"}


class Explain:
    """Knows the schema."""

    def __init__(self, section: type[BaseModel]) -> None:
        self._section = section

    @cached_property
    def _schema(self) -> Node:
        return self._section.model_json_schema()

    @property
    def names(self) -> list[str]:
        """The keys of the top level."""
        return list(self._section.model_fields)

    def types(self, key: Key) -> set[str]:
        """The JSON types that may stand at ``key``; empty where the schema does not know it."""
        _, node, _ = self._follow(key)
        return {str(one.get("type")) for one in self._alternatives(node)} if node else set()

    def __call__(self, error: Any) -> tuple[Key, str]:
        """The key as a person wrote it, and what is wrong with it."""
        key, node, level = self._follow(error["loc"])
        kind, value = error["type"], error.get("input")
        if kind == "extra_forbidden":
            return key, self._unknown(str(key[-1]), level)
        if kind in _OWN_WORDS:
            return self._own_words(key, node, error)
        if kind.startswith("union_tag"):
            tag = node["discriminator"]["propertyName"]
            key, kind = (*key, tag), "missing" if kind == "union_tag_not_found" else kind
            value, node = (
                value.get(tag) if isinstance(value, dict) else value,
                {"enum": [*node["discriminator"]["mapping"]]},
            )
        if kind == "missing":
            return key, f"is missing; it must be {self._words(node)}"
        if error["loc"][-1:] == ("[key]",):
            return key, f"the name must be {self._words(node)}"
        numeric = next((one for one in self._alternatives(node) if words.interval(one)), {})
        wanted = words.interval(numeric) if kind in _BOUNDS else self._words(node)
        return key, f"{self._shown(key, value)}must be {wanted}{self._hint(node, value)}"

    def misread(self, value: Any, key: Key) -> Iterator[tuple[Key, str]]:
        """Truth values where none may be: YAML reads ``no`` and ``on`` so, and pydantic takes them for 0 and 1."""
        if isinstance(value, dict | list):
            for name, child in value.items() if isinstance(value, dict) else enumerate(value):
                yield from self.misread(child, (*key, name))
        elif isinstance(value, bool) and (types := self.types(key)) and not types & {"boolean", "None"}:
            plain, node, _ = self._follow(key)
            yield plain, f"{words.show(value)}, must be {self._words(node)}{self._hint(node, value)}"

    def _own_words(self, key: Key, node: Node, error: Any) -> tuple[Key, str]:
        """A section's own check; it names a key below the section as ``key: value, must be …``."""
        said = str(error["ctx"]["error"])
        below, colon, rest = said.partition(": ")
        inner: Key = tuple(below.split("."))
        if colon and inner[0] in self._resolved(node).get("properties", {}):
            return (*key, *inner), rest
        return key, said

    def _words(self, node: Node) -> str:
        return " or ".join(dict.fromkeys(words.describe(one, self._alternatives) for one in self._alternatives(node)))

    def _shown(self, key: Key, value: Any) -> str:
        """The value and a comma; nothing where it might be a secret."""
        return "" if _SECRET.search(str(key[-1:])) else f"{words.show(value)}, "

    def _hint(self, node: Node, value: Any) -> str:
        taken = [str(one) for option in self._alternatives(node) for one in option.get("enum", [])]
        if near := difflib.get_close_matches(str(value).lower(), taken, n=1, cutoff=0.6):
            return f"; did you mean {near[0]!r}?"
        types = {one.get("type") for one in self._alternatives(node)}
        if value is None and "object" in types:
            return "; leave it out, or put keys below it"
        odd = value is not None and not isinstance(value, str | list | dict)
        return "; put it in quotes" if "string" in types and odd else ""

    def _unknown(self, name: str, level: Node) -> str:
        here = self._properties(level)
        elsewhere = list(self._paths(self._schema, ()))
        secrets = (
            [f"{name}_file"]
            if f"{name}_file" in here
            else [dotted(path) for path in elsewhere if path[-1] == f"{name}_file"]
        )
        if secrets:
            named = " or ".join(secrets[:2])
            return f"a secret does not stand in the configuration; write it to a file and name that in {named}"
        if near := difflib.get_close_matches(name.lower(), here, n=1, cutoff=0.6):
            return f"unknown key; did you mean {near[0]!r}?"
        if same := list(dict.fromkeys(dotted(path) for path in elsewhere if path[-1] == name.lower())):
            return f"unknown key; it belongs to {' or '.join(same[:3])}"
        return f"unknown key; known here: {', '.join(here)}"

    def _follow(self, loc: Key) -> tuple[Key, Node, Node]:
        """The key without pydantic's own additions (union tags), the node there, and the node above it."""
        key: Key = ()
        node = above = self._schema
        for name in loc:
            options = self._alternatives(node)
            tags = self._resolved(node).get("discriminator", {}).get("mapping", {})
            below = [found for one in options if (found := self._below(one, name)) is not None]
            if name in tags:
                node = {"$ref": tags[name]}
            elif name == "[key]":
                pattern = next(iter(self._alternatives(above)[0].get("patternProperties", {})), "")
                node = {"type": "string", "pattern": pattern} if pattern else {"type": "string"}
            elif below or len(options) == 1:
                key, node, above = (*key, name), below[0] if below else {}, node
        return key, node, above

    def _below(self, node: Node, name: str | int) -> Node | None:
        if isinstance(name, int):
            found = node.get("items")
        else:
            anything = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
            found = node.get("properties", {}).get(name) or next((one for one in anything if one), None)
        return found if isinstance(found, dict) else None

    def _resolved(self, node: Node) -> Node:
        reference = str(node.get("$ref", "")).rpartition("/")[2]
        return self._schema["$defs"][reference] if reference else node

    def _alternatives(self, node: Node) -> list[Node]:
        """The node itself, or what it may be one of."""
        node = self._resolved(node)
        options = node.get("anyOf") or node.get("oneOf")
        return [each for one in options for each in self._alternatives(one)] if options else [node]

    def _properties(self, node: Node) -> list[str]:
        return [name for one in self._alternatives(node) for name in one.get("properties", {})]

    def _paths(self, node: Node, above: Key) -> Iterator[Key]:
        """Every key there is, with ``<name>`` where a person chooses."""
        if len(above) > 8:
            return
        for one in self._alternatives(node):
            for name, child in one.get("properties", {}).items():
                yield (*above, name)
                yield from self._paths(child, (*above, name))
            for child in one.get("patternProperties", {}).values():
                yield from self._paths(child, (*above, "<name>"))

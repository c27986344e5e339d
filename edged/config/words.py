"""JSON Schema and values in plain words."""

from collections.abc import Callable
from typing import Any

from edged.config.section import SLUG

LONGEST = 60
"""Most of a value that is shown."""

_TYPES = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "string": "text",
    "null": "null",
    "object": "a mapping of keys to values",
}
_FORMATS = {"path": "a path", "date-time": 'a time with its zone such as "2026-11-21T07:00:00+01:00"'}
_PATTERNS = {f"^{SLUG}$": "1 to 40 of a-z, 0-9, _ and -"}


def describe(node: dict[str, Any], alternatives: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> str:
    """What may stand there, e.g. ``a number in [0, 1]``; ``alternatives`` resolves what the node refers to."""
    if "enum" in node:
        return f"one of {', '.join(map(str, node['enum']))}" if len(node["enum"]) > 1 else show(node["enum"][0])
    if "const" in node:
        return show(node["const"])
    if node.get("type") == "array":
        kind = "non-empty list" if node.get("minItems") else "list"
        items = " or ".join(describe(one, alternatives) for one in alternatives(node.get("items", {})))
        return f"a {kind} of {items}"
    if "pattern" in node:
        return _PATTERNS.get(node["pattern"]) or f"text that fits {node['pattern']}"
    plain = _FORMATS.get(node.get("format", "")) or _TYPES.get(node.get("type", ""), "something else")
    if node.get("minLength"):
        return f"{plain} that is not empty"
    limits = interval(node)
    return f"{plain}{' ' if limits.startswith('in') else ', '}{limits}" if limits else plain


def interval(node: dict[str, Any]) -> str:
    """``in [0, 1]``, ``above 0``, ``above 0 and at most 60``; empty where there are no limits."""
    if "minimum" in node and "maximum" in node:
        return f"in [{number(node['minimum'])}, {number(node['maximum'])}]"
    names = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    return " and ".join(f"{words} {number(node[name])}" for name, words in names.items() if name in node)


def number(value: float) -> str:
    """Without a needless ``.0``."""
    return f"{value:.15g}"


def show(value: Any) -> str:
    """A value as it stands in YAML, cut where it is long."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

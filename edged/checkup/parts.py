"""What a running edged says of those of its parts that are not well. The answer may come from another version."""

from collections.abc import Iterator, Mapping
from typing import Any

from edged.messages.health import State
from edged.runtime.finding import Finding, Level
from edged.watching.words import printable

MOST_PARTS = 12
MOST_REASONS = 3
"""Told of each part."""
MOST_LETTERS = 200
"""Of one reason or remedy."""
ELSE = "edged status   # and the log: journalctl -u edged"
"""What to do where a part does not say."""


def parts_not_well(said: Mapping[str, Any]) -> Iterator[Finding]:
    """The parts that are degraded or failing, the worst first; ``said`` is the answer to the request ``status``."""
    parts = _dict(_dict(said.get("health")).get("parts"))
    findings = [_finding(name, part) for name, part in parts.items() if _is_told(_dict(part).get("state"))]
    findings.sort(key=lambda finding: finding.level is not Level.FAULT)
    yield from findings[:MOST_PARTS]
    if left := findings[MOST_PARTS:]:
        level = Level.FAULT if left[0].level is Level.FAULT else Level.WARNING
        yield Finding(level, "running", f"{len(left)} more parts are not well", ELSE)


def _is_told(state: Any) -> bool:
    return isinstance(state, str) and state in {State.DEGRADED, State.FAILING}


def _finding(name: str, part: Mapping[str, Any]) -> Finding:
    """Failing is a fault, but of a part that the box can do without."""
    is_fault = part["state"] == State.FAILING and part.get("needed") is not False
    reasons = _told(part.get("reasons"))
    found = f"is {part['state']}" + (f": {reasons}" if reasons else "")
    level = Level.FAULT if is_fault else Level.WARNING
    return Finding(level, printable(name, 60), found, _told(part.get("remedies")) or ELSE)


def _told(texts: Any) -> str:
    """In one line."""
    lines = [printable(str(text), MOST_LETTERS) for text in texts] if isinstance(texts, list) else []
    more = f"; and {len(lines) - MOST_REASONS} more" if len(lines) > MOST_REASONS else ""
    return "; ".join(lines[:MOST_REASONS]) + more


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

"""A measure: a named function that yields results, each held against its target."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class UnknownNameError(Exception):
    """A name that is neither a group nor a measure."""


@dataclass(frozen=True, slots=True)
class Target:
    """A limit that a value must keep: ``at_most`` or, else, at least."""

    limit: float
    at_most: bool = True

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {figures(self.limit)}"

    def holds(self, value: float) -> bool:
        """Whether ``value`` keeps it; NaN does not."""
        return value <= self.limit if self.at_most else value >= self.limit


@dataclass(frozen=True, slots=True)
class Result:
    """What a measure found. ``value`` is None where it could not be measured."""

    name: str
    value: float | None
    unit: str
    target: Target
    compared_with: str | None = None
    """What else was measured in the same run, with its value."""

    @property
    def holds(self) -> bool:
        """Whether the value is there and keeps the target."""
        return self.value is not None and self.target.holds(self.value)

    def as_json(self) -> dict[str, Any]:
        """With the keys that `scripts/bench --json` promises."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": str(self.target),
            "holds": self.holds,
            "compared_with": self.compared_with,
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measure's function yields: a value and what it was compared with."""

    value: float
    compared_with: str | None = None
    limit: float | None = None
    """In place of the target's, where that follows from the comparison."""


@dataclass(frozen=True, slots=True)
class Measure:
    """How to measure one thing, and what is demanded of it."""

    name: str
    unit: str
    target: Target
    function: Callable[[], Measured]

    def run(self) -> Result:
        """Measure it."""
        found = self.function()
        target = self.target if found.limit is None else Target(found.limit, self.target.at_most)
        return Result(self.name, found.value, self.unit, target, found.compared_with)

    def failed(self) -> Result:
        """The result of a measure that could not be made."""
        return Result(self.name, None, self.unit, self.target)


Register = Callable[[Callable[[], Measured]], Callable[[], Measured]]


class Group:
    """The measures of one part of edged, in the order in which they were declared."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.measures: list[Measure] = []

    def measure(self, unit: str, *, at_most: float | None = None, at_least: float | None = None) -> Register:
        """Decorator: the function measures ``<group>.<its name>``, in ``unit``, with this target.

        Neither limit: the function says it itself, and the value must not be above it.
        """
        target = Target(at_least, at_most=False) if at_least is not None else Target(at_most or 0.0)

        def register(function: Callable[[], Measured]) -> Callable[[], Measured]:
            self.measures.append(Measure(f"{self.name}.{function.__name__}", unit, target, function))
            return function

        return register


def select(groups: Mapping[str, Sequence[Measure]], names: Iterable[str]) -> list[Measure]:
    """The measures that ``names`` (of groups or measures) ask for, each once, in order; none named: all.

    UnknownNameError, with the nearest name, where there is none of a name.
    """
    known = {measure.name: [measure] for measures in groups.values() for measure in measures}
    known |= {name: list(measures) for name, measures in groups.items()}
    wanted: dict[str, Measure] = {}
    for name in list(names) or list(groups):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else "--list shows the names"
            raise UnknownNameError(f"no group or measure {name!r}; {hint}")
        wanted |= {measure.name: measure for measure in known[name]}
    return list(wanted.values())


def figures(value: float) -> str:
    """Three significant figures, without an exponent: 0.123, 12.3, 1234."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{float(f'{value:.3g}'):g}"


def table(results: Sequence[Result]) -> str:
    """For a person: one line a result, columns under one another."""
    rows = [("name", "value", "unit", "target", "holds", "compared with")]
    rows += [
        (
            result.name,
            "failed" if result.value is None else figures(result.value),
            result.unit,
            str(result.target),
            "holds" if result.holds else "MISSED",
            result.compared_with or "",
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )

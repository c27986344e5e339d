"""Filter: which events are wanted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """All that is set must hold."""

    since_s: float | None = None
    """Unix time: it began then or later..."""
    until_s: float | None = None
    """...and before then."""
    pipeline: str | None = None
    label: str | None = None
    min_confidence: float | None = None
    """Its highest, in [0, 1]."""
    without_end: bool = False
    """It is on, or was cut short."""

    def where(self) -> tuple[str, list[float | str]]:
        """As SQL, with its values."""
        wanted: dict[str, float | str | None] = {
            "started_s >= ?": self.since_s,
            "started_s < ?": self.until_s,
            "pipeline = ?": self.pipeline,
            "label = ?": self.label,
            "confidence >= ?": self.min_confidence,
        }
        terms = [term for term, value in wanted.items() if value is not None]
        if self.without_end:
            terms.append("(ended_s IS NULL OR cut)")
        return " AND ".join(terms) or "1", [value for value in wanted.values() if value is not None]

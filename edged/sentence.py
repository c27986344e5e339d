"""Sentence: what the box is doing, for a person who asks ``systemctl status``."""

from collections.abc import Iterable, Mapping

from edged.messages.health import PartHealth, State
from edged.settings import PipelineConfig

MOST_REASONS = 2
"""That stand in the sentence; of more, how many there are."""

BAD = (State.FAILING, State.DEGRADED)


def sentence(
    running: Iterable[PipelineConfig], parts: Mapping[str, PartHealth], events_on: int, waiting: int, broker: str | None
) -> str:
    """``hears through microphone; 1 event on; 12 messages wait for the broker at host:1883; degraded: …``.

    ``running``: the configs of the pipelines that run; ``parts``: their health, by name; ``waiting``: messages on disk;
    ``broker``: where it is, None: there is none.
    """
    said = _senses(running, parts)
    if events_on:
        said.append(_many(events_on, "event", "events") + " on")
    if waiting and broker:
        said.append(f"{_many(waiting, 'message waits', 'messages wait')} for the broker at {broker}")
    return "; ".join([*said, *_trouble(parts)])


def _senses(running: Iterable[PipelineConfig], parts: Mapping[str, PartHealth]) -> list[str]:
    """Through what it does hear and see just now."""
    through: dict[str, list[str]] = {"hears": [], "sees": []}
    for config in running:
        source = parts.get(f"sources.{config.source}")
        sources = through["sees" if config.LOOKS else "hears"]
        if source and source.state in {State.OK, State.DEGRADED} and config.source not in sources:
            sources.append(config.source)
    said = [f"{verb} through {' and '.join(sources)}" for verb, sources in through.items() if sources]
    return said or ["hears and sees nothing"]


def _trouble(parts: Mapping[str, PartHealth]) -> list[str]:
    bad = [(name, part) for state in BAD for name, part in parts.items() if part.state is state]
    if not bad:
        return []
    reasons = [f"{name} {reason}" for name, part in bad for reason in part.reasons]
    more = [f"and {len(reasons) - MOST_REASONS} more"] if len(reasons) > MOST_REASONS else []
    return [f"{bad[0][1].state}: {', '.join([*reasons[:MOST_REASONS], *more])}"]


def _many(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"

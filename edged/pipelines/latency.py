"""What a pipeline writes on its events last."""

from dataclasses import replace

from edged.messages.event import Event
from edged.runtime.flow import Steps


def stamp_latency(event: Event, steps: Steps) -> Event:
    """Write on the event how long each stage took on the item that decided it."""
    return replace(event, latency_ms=dict(steps))

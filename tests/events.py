"""Events for tests."""

from dataclasses import replace
from typing import Any

from edged.messages.event import Event, ModelUse, Phase


def an_event(phase: Phase = Phase.START, number: int = 0, pipeline: str = "drones", **changes: Any) -> Event:
    event = Event(
        id=f"{number:026d}",
        pipeline=pipeline,
        phase=phase,
        label="drone",
        confidence=0.91234567,
        start_s=1.0,
        end_s=3.5,
        observed_s=2.5,
        epoch_s=1_700_000_000.0,
        model=ModelUse("drone_sound", "ab" * 32, "cpu"),
        evidence={"f0_hz": 180.123456, "windows": 3},
        latency_ms={"classify_sound": 0.41234567},
    )
    return replace(event, **changes)

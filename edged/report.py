"""Report: what the box says of itself, put together from its parts."""

import hashlib
import time
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from edged import __version__
from edged.inference.accelerators import asked_first
from edged.inference.edgetpu.device import EdgeTpu
from edged.inference.edgetpu.host import versions
from edged.inference.interpreter import runtime
from edged.inference.model import Model
from edged.messages.health import PartHealth, State
from edged.messages.wire import (
    AcceleratorMessage,
    HealthMessage,
    InfoMessage,
    LatencyMessage,
    ModelMessage,
    PartMessage,
    rfc3339,
)
from edged.outbox import Outbox
from edged.remedies import remedy
from edged.runtime import machine
from edged.runtime.health import Health
from edged.settings import Settings


def health_message(health: Health, outbox: Outbox, uptime_s: float) -> HealthMessage:
    """How the box and each of its parts is right now."""
    parts = health.parts()
    return HealthMessage(
        state=health.state(),
        reasons=[
            f"{name}: {reason}"
            for name, part in parts.items()
            if part.state not in {State.OK, State.OFF}
            for reason in part.reasons
        ],
        at=rfc3339(time.time()),
        uptime_s=round(uptime_s, 1),
        parts={name: part_message(name, part) for name, part in parts.items()},
        outbox_waiting=len(outbox),
        outbox_dropped=outbox.dropped,
        cpu_temperature_c=machine.cpu_temperature_c(),
        disk_free_bytes=machine.disk_free_bytes(Path("/")),
        clock_synchronised=machine.clock_synchronised(),
    )


def part_message(name: str, part: PartHealth) -> PartMessage:
    """How one part is; one that is not well has a remedy, its own or else a known one."""
    known = () if part.state.is_well else tuple(remedy(name, reason) for reason in part.reasons or ("",))
    return PartMessage(
        state=part.state,
        reasons=list(part.reasons),
        counters=dict(part.counters),
        since=rfc3339(part.since_s),
        remedies=list(dict.fromkeys(part.remedies or known)),
        needed=part.needed,
        latency_ms={
            step: LatencyMessage(p50_ms=it.p50_ms, p95_ms=it.p95_ms, max_ms=it.max_ms)
            for step, it in part.latency.items()
            if it.max_ms
        },
    )


def info_message(
    settings: Settings,
    models: Iterable[Model],
    devices: Mapping[str, EdgeTpu],
    running: Container[str],
    changes: Mapping[str, Any],
) -> InfoMessage:
    """What this box is; ``running``: its pipelines that run; ``changes``: what commands have changed, by key."""
    cpu = AcceleratorMessage(device="cpu", runtime=runtime()[0], versions=versions())
    return InfoMessage(
        device=settings.device_name,
        version=__version__,
        boot_id=machine.boot_id(),
        site=settings.site,
        location=settings.location,
        models=[_model(model, asked_first(model, devices)) for model in models],
        accelerators=[*(_accelerator(name, device.facts()) for name, device in devices.items()), cpu],
        sources={name: config.type for name, config in settings.sources.items()},
        pipelines={name: config.kind for name, config in settings.pipelines.items()},
        pipelines_enabled={name: name in running for name in settings.pipelines},
        confirmations=list(settings.confirmations),
        commands=list(settings.commands.allowed) if settings.mqtt.enabled else [],
        changes=dict(changes),
        config_sha256=hashlib.sha256(settings.model_dump_json().encode()).hexdigest(),
    )


def _accelerator(name: str, facts: Mapping[str, Any]) -> AcceleratorMessage:
    return AcceleratorMessage(device=name, runtime=facts.get("runtime"), versions=facts.get("versions", {}))


def _model(model: Model, device: str) -> ModelMessage:
    file = model.card.files["cpu" if device == "cpu" else "edgetpu"]
    return ModelMessage(name=model.card.name, sha256=file.sha256, device=device)

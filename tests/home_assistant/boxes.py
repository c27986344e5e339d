"""Boxes, and what they say on their topics."""

import json
from dataclasses import replace

from edged.home_assistant.box import Box, BoxPipeline
from edged.messages.event import Phase
from edged.messages.wire import (
    AcceleratorMessage,
    ActiveMessage,
    HealthMessage,
    InfoMessage,
    ModelMessage,
    StateMessage,
    event_message,
)
from tests.events import an_event

DRONES, FACES = BoxPipeline("drones", "microphone", enabled=True), BoxPipeline("faces", "camera", enabled=True)
BOX = Box(
    device="box-1",
    name="Box 1",
    area="Field",
    version="0.1.0",
    root="edged/box-1",
    health_interval_s=30.0,
    pipelines={"drones": DRONES, "faces": FACES},
    confirmations=("heard_and_seen",),
    sources={"microphone": "microphone", "camera": "camera"},
    accelerators=("usb-0",),
    commands=frozenset({"ping", "health", "restart", "set"}),
)
MODEL = ModelMessage(name="drone_sound", sha256="ab" * 32, device="usb:0")


def big_box(pipelines, length=0):
    """A box with so many pipelines, whose names are so long."""
    kinds = [("faces", FACES) if number % 2 else ("drones", DRONES) for number in range(pipelines)]
    named = {f"{kind}-{number}".ljust(length, "x"): pipeline for number, (kind, pipeline) in enumerate(kinds)}
    return replace(BOX, pipelines=named)


def an_event_message(label="drone", pipeline="drones", confidence=0.9, *, delayed=False, phase=Phase.START):
    event = an_event(phase, pipeline=pipeline, label=label, confidence=confidence)
    return event_message(event, 1, event.epoch_s + 3.0).model_copy(update={"delayed": delayed})


def active(*events):
    return ActiveMessage(active=bool(events), events=list(events))


def health(state="ok", reasons=(), cpu_temperature_c=51.5):
    return HealthMessage(
        state=state,
        reasons=list(reasons),
        at="2026-11-21T07:38:05.123Z",
        uptime_s=12.5,
        parts={},
        outbox_waiting=7,
        outbox_dropped=0,
        cpu_temperature_c=cpu_temperature_c,
        disk_free_bytes=10**9,
        clock_synchronised=True,
    )


def info(models=(MODEL,), **enabled):
    """The payload of ``info``; ``enabled``: which pipelines are on."""
    message = InfoMessage.model_construct(
        device=BOX.device,
        version=BOX.version,
        boot_id="boot",
        site=None,
        location=None,
        models=list(models),
        accelerators=[AcceleratorMessage(device="cpu", runtime="litert", versions={})],
        sources=dict(BOX.sources),
        pipelines={name: pipeline.kind for name, pipeline in BOX.pipelines.items()},
        config_sha256="cd" * 32,
    )
    switches = {"pipelines_enabled": {"drones": True, "faces": True, **enabled}}
    return json.dumps({**message.model_dump(mode="json"), **switches}).encode()


ONLINE = StateMessage(state="online")

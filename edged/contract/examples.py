"""Examples: one box's messages, made by the very types that go over the wire."""

import json
from collections.abc import Mapping
from typing import Any

from edged.messages.event import Event, ModelUse, Phase
from edged.messages.health import State
from edged.messages.level import LevelMessage
from edged.messages.requests import REQUESTS, ResponseMessage
from edged.messages.wire import (
    AcceleratorMessage,
    ActiveMessage,
    EventMessage,
    GapMessage,
    HealthMessage,
    InfoMessage,
    LatencyMessage,
    Message,
    ModelMessage,
    PartMessage,
    StateMessage,
    event_message,
    rfc3339,
)

_MODEL = ModelUse("drone_sound", "5f" * 32, "cpu")
_ID = "01KA8XJQ5CDP3X7T6R4M2N9VZB"
_NOON_S = 1_795_003_200.0
"""2026-11-18, in UTC."""


def _event(phase: Phase, seq: int, end_s: float) -> EventMessage:
    event = Event(
        id=_ID,
        pipeline="drones",
        phase=phase,
        label="drone",
        confidence=0.9312,
        start_s=4.25,
        end_s=end_s,
        observed_s=end_s,
        epoch_s=_NOON_S,
        model=_MODEL,
        evidence={"f0_hz": 182.4, "harmonics": 7, "snr_db": 14.2, "distance": 0.31, "windows": 3},
        latency_ms={"filter_harmonics": 0.41, "compute_log_mel": 0.22, "classify_sound": 0.38},
    )
    return event_message(event, seq, _NOON_S + end_s + 0.0163)


def _health() -> HealthMessage:
    silent = PartMessage(
        state=State.DEGRADED,
        reasons=["silent for 30 s"],
        counters={"dropped": 3},
        since=rfc3339(_NOON_S - 30),
        remedies=["unmute it (`alsamixer`), plug the microphone in, or name another one in its `device`"],
    )
    classify = LatencyMessage(p50_ms=0.31, p95_ms=0.62, max_ms=4.1)
    drones = PartMessage(
        state=State.OK,
        reasons=[],
        counters={"items": 5140},
        since=rfc3339(_NOON_S - 512),
        latency_ms={"classify_sound": classify},
    )
    return HealthMessage(
        state=State.DEGRADED,
        reasons=["sources.microphone: silent for 30 s"],
        at=rfc3339(_NOON_S),
        uptime_s=514.2,
        parts={"pipelines.drones": drones, "sources.microphone": silent},
        outbox_waiting=0,
        outbox_dropped=0,
        cpu_temperature_c=51.5,
        disk_free_bytes=21_474_836_480,
        clock_synchronised=True,
    )


def _info() -> InfoMessage:
    return InfoMessage(
        device="barn",
        version="0.1.0",
        boot_id="8c5b1d7e-52a0-4b0e-9b0e-6d2f1c3a4e5f",
        site="farm",
        location="gable, facing south",
        models=[ModelMessage(name=_MODEL.name, sha256=_MODEL.sha256, device=_MODEL.device)],
        accelerators=[AcceleratorMessage(device="cpu", runtime="ai-edge-litert", versions={"python": "3.11.2"})],
        sources={"microphone": "microphone"},
        pipelines={"drones": "drones"},
        pipelines_enabled={"drones": True},
        confirmations=["drone_seen_and_heard"],
        commands=["ping", "health", "set"],
        changes={"pipelines.drones.smoothing.threshold": 0.8},
        config_sha256="e3" * 32,
    )


def _level() -> LevelMessage:
    return LevelMessage(
        pipeline="sounds",
        source="microphone",
        at=rfc3339(_NOON_S),
        duration_s=10.0,
        rms_dbfs=-41.2,
        peak_dbfs=-18.3,
        a_weighted_dbfs=-44.9,
        a_weighted_db_spl=75.1,
        third_octaves_dbfs={"1000": -55.1},
    )


_ASKED: Mapping[str, Mapping[str, Any]] = {
    "restart": {"part": "drones"},
    "set": {"pipeline": "drones", "threshold": 0.8},
    "models": {"action": "use", "pipeline": "drones", "model": "drone_sound"},
    "people": {"action": "list"},
    "clip": {"event": _ID},
    "feedback": {"event": _ID, "verdict": "false_alarm", "label": "chainsaw"},
}
"""By command: what is asked besides transaction and time."""


def _messages() -> dict[str, tuple[Message, ...]]:
    start, end = _event(Phase.START, 41, 5.5), _event(Phase.END, 43, 19.75)
    wrong = "ping: tranaction: unknown key; did you mean 'transaction'?"
    return {
        "state": (StateMessage(state="online"), StateMessage(state="offline")),
        "info": (_info(),),
        "health": (_health(),),
        "event": (start, end),
        "active": (ActiveMessage(active=True, events=[start]), ActiveMessage(active=False, events=[])),
        "level": (_level(),),
        "gap": (GapMessage(ranges=[(17, 23), (31, 31)], dropped=8),),
        "response": (
            ResponseMessage(status="ok", data={}, transaction="7f3a"),
            ResponseMessage(status="error", error=wrong, transaction=None),
        ),
    }


def examples() -> Mapping[str, list[Any]]:
    """By the payload's name: what may be said, as JSON has it."""
    made = {name: [json.loads(it.payload()) for it in messages] for name, messages in _messages().items()}
    for command, request in REQUESTS.items():
        asked = request(transaction="7f3a", at=rfc3339(_NOON_S), **_ASKED.get(command, {}))
        made[f"{command}_request"] = [json.loads(asked.payload())]
    return made | {"availability": ["online"]}

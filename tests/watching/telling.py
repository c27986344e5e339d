"""What a box tells, for tests: every kind of message, valid, with what a test changes."""

from edged.messages.wire import (
    AcceleratorMessage,
    ActiveMessage,
    EventMessage,
    GapMessage,
    HealthMessage,
    InfoMessage,
    ModelMessage,
    StateMessage,
    rfc3339,
)

NOW_S = 1_795_000_000.0


def state(word="online"):
    return StateMessage(state=word).payload()


def info(**changes):
    known = InfoMessage(
        device="yard",
        version="0.1.0",
        boot_id="boot",
        site=None,
        location=None,
        models=[],
        accelerators=[
            AcceleratorMessage(device="usb:0", runtime="14", versions={}),
            AcceleratorMessage(device="cpu", runtime="2.0", versions={}),
        ],
        sources={"roof": "microphone", "camera": "camera"},
        pipelines={"drones": "drones", "faces": "faces"},
        pipelines_enabled={"drones": True, "faces": False},
        confirmations=[],
        commands=[],
        changes={},
        config_sha256="",
    )
    return known.model_copy(update=changes).payload()


def health(at_s=NOW_S, **changes):
    known = HealthMessage(
        state="ok",
        reasons=[],
        at=rfc3339(at_s),
        uptime_s=3 * 86400,
        parts={},
        outbox_waiting=0,
        outbox_dropped=0,
        cpu_temperature_c=48.2,
        disk_free_bytes=10**9,
        clock_synchronised=True,
    )
    return HealthMessage(**{**known.model_dump(), **changes}).payload()


def event_message(seq=1, event_id="E1", phase="start", confidence=0.91, **changes):
    known = {
        "id": event_id,
        "seq": seq,
        "pipeline": "drones",
        "phase": phase,
        "label": "drone",
        "confidence": confidence,
        "started_at": rfc3339(NOW_S - 8),
        "ended_at": None,
        "observed_at": rfc3339(NOW_S),
        "duration_s": 8.0,
        "evidence": {},
        "model": ModelMessage(name="drone_sound", sha256="ab" * 32, device="cpu"),
        "latency_ms": {},
    }
    return EventMessage(**{**known, **changes})


def event(*arguments, **changes):
    return event_message(*arguments, **changes).payload()


def active(*events):
    return ActiveMessage(active=bool(events), events=list(events)).payload()


def gap(dropped=120):
    return GapMessage(ranges=[(5, 4 + dropped)], dropped=dropped).payload()

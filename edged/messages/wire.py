"""What goes over the wire: the JSON payloads of every topic. Keys carry units; times are RFC 3339 UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, WithJsonSchema

from edged.messages.confirmed import ConfirmedEvent, Witness
from edged.messages.event import Event, Phase
from edged.messages.formats import Count, Lasting, Name, Score, Seq, Sha256, Subject, Time, Ulid
from edged.messages.health import State
from edged.messages.objects import ObjectEvent

SCHEMA_VERSION = 1
Version = Annotated[int, WithJsonSchema({"type": "integer", "const": SCHEMA_VERSION})]

_ENDED_AT_ITS_END: dict[str, Any] = {
    "if": {"properties": {"phase": {"const": "end"}}},
    "then": {"properties": {"ended_at": {"type": "string"}}},
    "else": {"properties": {"ended_at": {"type": "null"}}},
}


def rfc3339(unix_s: float) -> str:
    """Unix time -> ``2026-11-21T07:38:05.123Z``."""
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Message(BaseModel):
    """A payload; its JSON is UTF-8."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def payload(self) -> bytes:
        """The JSON that is sent."""
        return self.model_dump_json().encode()


class StateMessage(Message):
    """``state``: retained; the broker itself says ``offline`` when the box is gone without a word."""

    state: Literal["online", "offline"]


class ModelMessage(Message):
    """A model in use."""

    name: str
    sha256: Sha256
    device: str


class WitnessMessage(Message):
    """An event that agrees with others."""

    pipeline: Name
    id: Ulid
    label: str
    confidence: Score


class EventMessage(Message):
    """``event/<pipeline>``: one phase of one event."""

    model_config = ConfigDict(json_schema_extra=_ENDED_AT_ITS_END)

    schema_version: Version = SCHEMA_VERSION
    id: Ulid
    """ULID of the event; its start, updates and end share it. A duplicate has the same ``id`` and ``seq``."""
    seq: Seq
    """Counts this box's event messages without a hole."""
    pipeline: Name
    phase: Phase
    label: str
    """What was heard or who was seen; ``unknown``: somebody nobody enrolled; ``spoof``: a picture of a face."""
    subject: Subject | None = None
    """Whom it is about: ``person:<id>``, or ``stranger:<ULID>``, which stays the same through a visit."""
    confidence: Score
    """Score in [0, 1] of the label."""
    started_at: Time
    ended_at: Time | None
    """Only with phase ``end``."""
    observed_at: Time
    """When edged decided this."""
    duration_s: Lasting
    """So far."""
    evidence: dict[str, float]
    zones: list[Name] = []
    """Of the camera's picture: those that the object is in now."""
    path: list[tuple[Lasting, float, float]] = []
    """Where the object was: seconds after it was first seen, and where it stood, in shares of the picture's width and
    height; at most 12 places, the last is where it was last seen."""
    model: ModelMessage
    latency_ms: dict[str, Lasting]
    """By step; ``total`` is from the end of the sound that decided it to this message."""
    witnesses: list[WitnessMessage] | None = None
    """Of a `confirmed` event: the events that agree, one of each condition of the rule, as they were at its start."""
    cut_short: bool = False
    """Of an end: edged was killed, or the power went, while it was on. It lasted at least until ``ended_at``."""
    delayed: bool = False
    """It waited for the broker: history, not live."""
    clock: Literal["synchronised", "corrected", "unsynchronised"] = "synchronised"
    """Whether the times can be trusted; ``corrected``: the clock was wrong then, the times were put right since."""
    boot_id: str | None = None
    """Of the boot that ``monotonic_s`` belongs to; only with ``unsynchronised``."""
    monotonic_s: float | None = None
    """Since that boot, when this was accepted; only with ``unsynchronised``."""


class GapMessage(Message):
    """``gap``: event messages that were numbered and will never come; said once, after a reconnection."""

    schema_version: Version = SCHEMA_VERSION
    ranges: list[tuple[Seq, Seq]]
    """First and last ``seq``, both gone; in between, where there were too many ranges, some have come."""
    dropped: Seq
    """How many are gone."""


class ActiveMessage(Message):
    """``active/<pipeline>``: retained; what is going on right now."""

    schema_version: Version = SCHEMA_VERSION
    active: bool
    events: list[EventMessage]
    """The last message of each event that is on, the oldest event first."""


class LatencyMessage(Message):
    """How long one step took within the last hour; quantiles are exact to within a factor of 2.5."""

    p50_ms: Lasting
    p95_ms: Lasting
    max_ms: Lasting


class PartMessage(Message):
    """One part of the box."""

    state: State
    """A part that goes up and down again and again is ``degraded`` until it has been calm for a minute."""
    reasons: list[str]
    counters: dict[str, float]
    """What was passed, dropped, skipped or retried since the start, and figures that go up and down."""
    since: Time | None = None
    """When it got into this state."""
    remedies: list[str] = []
    """What a person can do about it; at least one where it is not well."""
    needed: bool = True
    """False: the box can be ``ok`` while this part is not, such as a shadow model."""
    latency_ms: dict[str, LatencyMessage] = {}
    """By step, of those that were taken within the last hour."""


class HealthMessage(Message):
    """``health``: retained; every 30 s and at each change."""

    schema_version: Version = SCHEMA_VERSION
    state: State
    """As well as the worst part that is needed."""
    reasons: list[str]
    """Of every part that is not well, ``<part>: <reason>``."""
    at: Time
    uptime_s: Lasting
    parts: dict[str, PartMessage]
    outbox_waiting: Count
    outbox_dropped: Count
    cpu_temperature_c: float | None
    """Null where the machine does not say."""
    disk_free_bytes: Count
    clock_synchronised: bool | None
    """By the kernel's word; null where it does not say."""


class AcceleratorMessage(Message):
    """What can run models."""

    device: str
    """``cpu``, ``usb:0``, ``pci:0``."""
    runtime: str | None
    """Null while the device is not there."""
    versions: dict[str, str]
    """Of the runtime, of Python and of what matters beside them."""


class InfoMessage(Message):
    """``info``: retained; what this box is."""

    schema_version: Version = SCHEMA_VERSION
    device: Name
    version: str
    boot_id: str
    site: str | None
    location: str | None
    models: list[ModelMessage]
    accelerators: list[AcceleratorMessage]
    sources: dict[str, str]
    """Type by name."""
    pipelines: dict[str, str]
    """Kind by name."""
    pipelines_enabled: dict[str, bool]
    """By name: whether it runs, or should."""
    confirmations: list[str]
    """Rules by which several pipelines agree; each has topics like a pipeline."""
    commands: list[str]
    """Those that may be asked on ``request/…``."""
    changes: dict[str, JsonValue]
    """By key: what commands have changed, which counts in place of the configuration."""
    config_sha256: Sha256


def _way(event: Event) -> dict[str, Any]:
    """What an event about an object has besides."""
    if not isinstance(event, ObjectEvent):
        return {}
    places = [(round(max(0.0, place.after_s), 1), round(place.x, 3), round(place.y, 3)) for place in event.path]
    return {"zones": list(event.zones), "path": places}


def event_message(event: Event, seq: int, now_s: float) -> EventMessage:
    """The wire's form of ``event``; ``now_s`` is the Unix time of this message."""
    model = ModelMessage(name=event.model.name, sha256=event.model.sha256, device=event.model.device)
    steps = {name: round(ms, 3) for name, ms in event.latency_ms.items()}
    total_ms = (now_s - event.epoch_s - event.observed_s) * 1e3
    return EventMessage(
        id=event.id,
        seq=seq,
        pipeline=event.pipeline,
        phase=event.phase,
        label=event.label,
        subject=event.subject,
        confidence=round(event.confidence, 4),
        started_at=rfc3339(event.epoch_s + event.start_s),
        ended_at=rfc3339(event.epoch_s + event.end_s) if event.phase is Phase.END else None,
        observed_at=rfc3339(event.epoch_s + event.observed_s),
        duration_s=round(event.end_s - event.start_s, 3),
        evidence={name: round(value, 4) for name, value in event.evidence.items()},
        **_way(event),
        model=model,
        latency_ms={**steps, "total": round(max(0.0, total_ms), 3)},
        witnesses=_witnesses(event.witnesses) if isinstance(event, ConfirmedEvent) else None,
    )


def _witnesses(witnesses: Iterable[Witness]) -> list[WitnessMessage]:
    return [
        WitnessMessage(pipeline=one.pipeline, id=one.id, label=one.label, confidence=round(one.confidence, 4))
        for one in witnesses
    ]

"""Names: from what parts count, under names of their own, to metrics by Prometheus's conventions.

https://prometheus.io/docs/practices/naming: one prefix, base units, ``_total`` for what only grows; what a name would
enumerate (``held_quiet``, ``held_cooldown``) is a label.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

MOST_LETTERS = 64
"""Of a metric's name and of a label's value."""


class Metric(NamedTuple):
    """What a part's counter is called."""

    name: str
    """With ``_total`` where it only grows."""
    labels: tuple[tuple[str, str], ...] = ()
    """Besides ``part``."""
    scale: float = 1.0
    """From the counter's unit to the metric's, which is a base unit."""


_UNITS = (("_ms", "_seconds", 1e-3), ("_s", "_seconds", 1.0), ("_pct", "_ratio", 1e-2), ("_c", "_celsius", 1.0))
_ENUMERATED = (
    (re.compile(r"held_(.+)"), "held_back", "reason"),
    (re.compile(r"answers_(.+)"), "answers", "device"),
    (re.compile(r"events_(start|update|end)"), "event_messages", "phase"),
    (re.compile(r"images_(sent|dropped)"), "images", "outcome"),
    (re.compile(r"deleted_(.+)"), "deleted", "reason"),
)
_RENAMED = {"disk_written_bytes_24h": "last_day_written_bytes", "mqtt_version": "mqtt_protocol_version"}

HELP: Mapping[str, str] = {
    "agreement": "Share of windows in which a shadow model agrees with the model in use.",
    "answered": "Commands that were answered.",
    "answers": "Inferences, by the device that answered.",
    "deleted": "Clips that were deleted, by reason.",
    "disconnected": "Connections that were lost.",
    "voice_dropped": "Windows dropped because people were heard in them.",
    "dropped": "Items or messages that were lost for want of room or time.",
    "event_messages": "Event messages accepted, by phase; those of phase start are events.",
    "failed_scrapes": "Scrapes that were broken off.",
    "faults": "Items or commands lost to a fault of edged's own.",
    "flooded": "Commands left unread, as too much came at once.",
    "free_bytes": "Free on the fullest of the disks that the box writes to.",
    "gaps": "Times that sound was missing in the stream.",
    "handler_faults": "Faults of edged's own while something that came from the broker was handled.",
    "held_back": "Events not published, by the rule that held them back.",
    "images": "Pictures of events, sent or dropped.",
    "items": "Chunks of sound or frames that went through a pipeline.",
    "kept": "Clips on the disk.",
    "kept_bytes": "Size of the clips on the disk.",
    "last_day_written_bytes": "Written to the outbox's disk, by all programs, within the last day as far as watched.",
    "late": "Answers of the accelerator that came too late.",
    "level": "Steps of load that are shed now.",
    "life_ratio": "How much of a card's life is over, by its own word.",
    "limit": "File descriptors that may be open.",
    "lost": "Times that a source or an accelerator was lost.",
    "mqtt_protocol_version": "5, or 3.11 where the broker has no 5.",
    "not_recorded": "Events whose clip had nothing to record.",
    "opened": "Times that an accelerator was opened.",
    "oversized": "Messages from the broker that were too big to be read.",
    "paused": "Windows that a shadow model was not shown, to shed load.",
    "raised": "Times that more load was shed.",
    "refused": "Commands refused by edged, or messages refused by the broker, for good.",
    "restarts": "Times that a broken pipeline was begun anew.",
    "score_difference": "Mean of a shadow model's scores above those of the model in use.",
    "scrapes": "Scrapes that were answered.",
    "shed": "Frames left out to shed load.",
    "skipped": "Frames skipped, as a later one was there.",
    "stale": "Frames, or windows of sound, dropped before a model saw them, as they were of no more use.",
    "subscriptions_refused": "Subscriptions that the broker refused.",
    "unreadable": "Clips on the disk that cannot be read.",
    "unsaid": "Messages that were now or never, and were never.",
    "used": "File descriptors that are open.",
    "windows": "Windows that a shadow model has seen.",
    "written": "Clips written.",
    "written_bytes_per_day": "Written to the card on an average day.",
    "years": "Years that the card lasts at this rate, were it new.",
}


def metric(counter: str, *, figure: bool) -> Metric:
    """What a part's ``counter`` is called; ``figure``: it goes up and down."""
    labels: tuple[tuple[str, str], ...] = ()
    name = _RENAMED.get(counter, counter)
    for pattern, family, label in _ENUMERATED:
        if found := pattern.fullmatch(counter):
            name, labels = family, ((label, label_value(found[1])),)
    word, scale = _word(name), 1.0
    for suffix, unit, factor in _UNITS:
        if word.endswith(suffix):
            word, scale = word.removesuffix(suffix) + unit, factor
            break
    return Metric(f"edged_{word}{'' if figure else '_total'}", labels, scale)


def help_text(name: str) -> str:
    """Of a metric that comes from a part's counter."""
    counter = name.removeprefix("edged_").removesuffix("_total")
    return HELP.get(counter, f"What a part of the box counts as {counter.replace('_', ' ')}.")


def label_value(text: str) -> str:
    """Of bounded length, printable."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:MOST_LETTERS])


def _word(name: str) -> str:
    """``Score difference (ms)`` -> ``score_difference_ms``; a counter is not told twice that it is one."""
    word = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:MOST_LETTERS].removesuffix("_total")
    return word or "unnamed"

"""SettingsInUse: what the box runs by: what it began with, and what was taken up since of a changed configuration."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from edged.config import Section
from edged.errors import first_line
from edged.settings import PipelineConfig, Settings

Take = Callable[[Settings], None]
"""Takes up new settings; where it raises, all goes on as it was."""

NEEDS_RESTART: Mapping[str, str] = {
    "device": "all topics begin with it",
    "mqtt.enabled": "with it events wait on disk, without it nobody takes them",
    "mqtt.base_topic": "all topics begin with it",
    "outbox.path": "events wait there",
    "gallery.path": "the gallery is open",
    "gallery.key_file": "the gallery is open",
    "models": "models are loaded from there",
    "accelerator.edgetpu": "another process holds the device",
}
"""What is never taken up, and why."""

S = TypeVar("S", bound=Section)
log = logging.getLogger(__name__)


class SettingsInUse:
    """One thread at a time changes them; any may read ``now``."""

    def __init__(self, settings: Settings) -> None:
        self.now = settings
        self._takes: dict[str, Take] = {}

    def on_change(self, take: Take, *keys: str) -> None:
        """Have ``take`` called when something at or below one of these dotted keys is wanted otherwise."""
        self._takes |= dict.fromkeys(keys, take)

    def take_up(self, wanted: Settings) -> Iterator[str]:
        """All that can be, but for pipelines; yields in words what could not."""
        changed = [
            key for key in changed_keys(self.now.model_dump(), wanted.model_dump()) if not is_in(key, "pipelines")
        ]
        for fixed in NEEDS_RESTART:
            wanted = adopt(wanted, self.now, fixed)
        for key, take in self._takes.items():
            below = [one for one in changed if is_in(one, key) and not why_fixed(one)]
            changed = [one for one in changed if one not in below]
            if below:
                yield from self._take_up(key, take, wanted)
        if changed:
            yield f"needs a restart: {', '.join(map(with_reason, changed))}"

    def set_pipelines(self, pipelines: Mapping[str, PipelineConfig]) -> None:
        """Those that are there now."""
        self.now = self.now.model_copy(update={"pipelines": dict(pipelines)})

    def _take_up(self, key: str, take: Take, wanted: Settings) -> Iterator[str]:
        new = adopt(self.now, wanted, key)
        try:
            take(new)
        except Exception as fault:  # whatever is wrong with it, the old one goes on
            yield f"{key}: is refused, it goes on as it was: {first_line(fault)}"
        else:
            self.now = new
            log.info("taken up", extra={"key": key})


def adopt(now: S, wanted: S, key: str) -> S:
    """The same, but what stands at a dotted key is as wanted."""
    head, _, rest = key.partition(".")
    value = adopt(getattr(now, head), getattr(wanted, head), rest) if rest else getattr(wanted, head)
    return now.model_copy(update={head: value})


def why_fixed(key: str) -> str:
    """Why what stands at a dotted key needs a restart; empty where it does not."""
    return next((why for fixed, why in NEEDS_RESTART.items() if is_in(key, fixed)), "")


def with_reason(key: str) -> str:
    """The key, and why it needs a restart."""
    return f"{key} ({why})" if (why := why_fixed(key)) else key


def is_in(key: str, above: str) -> bool:
    """Whether a dotted key is another one or below it."""
    return f"{key}.".startswith(f"{above}.")


def changed_keys(old: Any, new: Any, above: str = "") -> Iterator[str]:
    """The dotted keys at which two configurations, as plain mappings, differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from changed_keys(old.get(key), new.get(key), f"{above}.{key}" if above else key)
    elif old != new:
        yield above

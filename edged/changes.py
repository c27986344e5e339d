"""Changes: what commands have changed, laid over the configuration; kept in a file, so that it outlasts a restart."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edged.errors import ConfigError
from edged.messages.wire import rfc3339
from edged.runtime.machine import state_folder
from edged.runtime.whole_file import write_whole
from edged.settings import Settings

MOST_CHANGES = 200
"""More keys than that are not changed by command."""
MOST_EARLIER = 10
"""Values of one key that can be gone back to."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One key, e.g. ``pipelines.drones.enabled``."""

    value: Any
    file: Any
    """What the configuration said then. Once it says something else, it has been edited since, and counts."""
    at: str
    by: str
    earlier: tuple[Any, ...] = ()
    """The values before, the newest last."""


def changes_path(environment: Mapping[str, str] = os.environ) -> Path:
    """The file of this box."""
    return state_folder(environment, os.getuid()) / "changes.json"


class Changes:
    """Thread-safe."""

    def __init__(self, path: Path, most: int = MOST_CHANGES) -> None:
        """A file that cannot be read is set aside under another name, and said in the log: the config counts alone."""
        self._path, self._most, self._lock = path, most, threading.Lock()
        self._changes = _read(path)

    @property
    def values(self) -> dict[str, Any]:
        """By key: what counts in place of the configuration."""
        with self._lock:
            return {key: change.value for key, change in self._changes.items()}

    def lay_over(self, file: Settings) -> Settings:
        """The configuration with the changes. One that no longer fits, or is older than an edit, is forgotten."""
        with self._lock:
            plain, settings, stale = file.model_dump(mode="json"), file, list[tuple[str, str]]()
            for key, change in self._changes.items():
                if _get(plain, key) != change.file:
                    stale.append((key, "the configuration has been edited since"))
                    continue
                try:
                    settings = _with(settings, {key: change.value})
                except ConfigError as error:
                    stale.append((key, str(error)))
            for key, why in stale:
                log.warning("change by command forgotten", extra={"key": key, "reason": why})
                del self._changes[key]
            if stale:
                self._write()
            return settings

    def set(self, current: Settings, values: Mapping[str, Any], by: str) -> Callable[[], None]:
        """Change these keys of ``current`` from now on; returns what undoes it.

        ConfigError where a value does not fit or there are too many, OSError where they cannot be kept.
        """
        _with(current, values)
        was = current.model_dump(mode="json")
        with self._lock:
            before = dict(self._changes)
            self._changes |= {key: self._change(key, value, _get(was, key), by) for key, value in values.items()}
            try:
                if len(self._changes) > self._most:
                    raise ConfigError(f"{len(self._changes)} keys changed by command, must be at most {self._most}")
                self._write()
            except (OSError, ConfigError):
                self._changes = before
                raise
        return partial(self._restore, before, list(values))

    def earlier(self, key: str) -> Any:
        """The value before the last change of ``key``. ConfigError where there was none."""
        with self._lock:
            if key not in self._changes or not self._changes[key].earlier:
                raise ConfigError(f"{key}: has not been changed by command, so there is nothing to go back to")
            return self._changes[key].earlier[-1]

    def _change(self, key: str, value: Any, was: Any, by: str) -> Change:
        before = self._changes.get(key)
        file = before.file if before else was
        earlier = before.earlier if before else ()
        return Change(value, file, rfc3339(time.time()), by, (*earlier, was)[-MOST_EARLIER:])

    def _restore(self, before: Mapping[str, Change], keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                self._changes.pop(key)
                if key in before:
                    self._changes[key] = before[key]
            self._write()

    def _write(self) -> None:
        """Whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps({key: asdict(change) for key, change in self._changes.items()}, indent=1)
        write_whole(self._path, text.encode())


def _read(path: Path) -> dict[str, Change]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {key: Change(**{**it, "earlier": tuple(it["earlier"])}) for key, it in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        aside = path.with_suffix(f".damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        log.error(  # noqa: TRY400  # no bug of ours
            "changes by command cannot be read",
            extra={"file": str(path), "reason": str(error), "set_aside": str(aside)},
        )
        if path.is_file():
            path.replace(aside)
        return {}


def _with(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with these keys changed. ConfigError that names the key, the value and what it must be."""
    plain = settings.model_dump()
    for key, value in values.items():
        *above, last = key.split(".")
        part: Any = plain
        for name in above:
            part = part.get(name) if isinstance(part, dict) else None
        if not isinstance(part, dict) or last not in part:
            raise ConfigError(f"{key}: there is no such setting")
        part[last] = value
    try:
        return Settings.model_validate(plain)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ConfigError(f"{where or next(iter(values))}: {fault.get('input')!r:.80}: {fault['msg']}") from None


def _get(plain: Any, key: str) -> Any:
    for name in key.split("."):
        plain = plain.get(name) if isinstance(plain, dict) else None
    return plain

"""When an event was accepted, by which clock, and what its times are once the clock is right."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from edged.messages.wire import EventMessage, rfc3339
from edged.runtime import machine

ASK_EVERY_S = 5.0
"""The kernel is asked so often whether the clock is synchronised."""
LIVE_S = 2.0
"""A message that waited for longer is history."""


class Moment(NamedTuple):
    """A moment by both clocks."""

    boot_id: str
    monotonic_s: float
    """Since the boot."""
    unix_s: float
    synchronised: bool
    """Whether the wall's clock was known to be right."""


class Clock:
    """Tells moments; every source of time can be passed in."""

    def __init__(
        self,
        synchronised: Callable[[], bool | None] = machine.clock_synchronised,
        boot_id: str | None = None,
        unix_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._unix_s, self._monotonic_s = synchronised, unix_s, monotonic_s
        self._boot_id = machine.boot_id() if boot_id is None else boot_id
        self._synchronised, self._asked_s = False, float("-inf")

    def now(self) -> Moment:
        """This moment; where the kernel does not say, the clock counts as not synchronised."""
        now_s = self._monotonic_s()
        if now_s - self._asked_s >= ASK_EVERY_S:
            self._synchronised, self._asked_s = self._ask() is True, now_s
        return Moment(self._boot_id, now_s, self._unix_s(), self._synchronised)


def marked(message: EventMessage, accepted: Moment) -> EventMessage:
    """The message as it was accepted: with boot id and monotonic time where the clock may have been wrong."""
    if accepted.synchronised:
        return message
    return message.model_copy(
        update={
            "clock": "unsynchronised",
            "boot_id": accepted.boot_id,
            "monotonic_s": round(accepted.monotonic_s, 3),
        }
    )


def handed_out(message: EventMessage, accepted: Moment, now: Moment, *, waited: bool) -> EventMessage:
    """The message as it is sent now: ``delayed`` if it waited, its times corrected if the clock has become right.

    The monotonic clock goes on through every correction of the wall's clock, but not through a boot: times of another
    boot stay as they are, marked as before.
    """
    changes: dict[str, Any] = {"delayed": waited or is_late(accepted, now)}
    if to_be_corrected(accepted, now):
        wrong_s = (now.unix_s - now.monotonic_s) - (accepted.unix_s - accepted.monotonic_s)
        changes |= {"clock": "corrected", "boot_id": None, "monotonic_s": None}
        changes |= {
            name: _shifted(text, wrong_s)
            for name in ("started_at", "ended_at", "observed_at")
            if (text := getattr(message, name))
        }
    return message.model_copy(update=changes)


def is_late(accepted: Moment, now: Moment) -> bool:
    """Whether what was accepted then is history now."""
    return accepted.boot_id != now.boot_id or now.monotonic_s - accepted.monotonic_s > LIVE_S


def to_be_corrected(accepted: Moment, now: Moment) -> bool:
    """Whether the clock was wrong then and is right now, in the same boot."""
    return now.synchronised and not accepted.synchronised and now.boot_id == accepted.boot_id


def age_s(accepted: Moment, now: Moment) -> float | None:
    """How long ago that was; None where it cannot be known, as the clock was wrong and there was a boot since."""
    if accepted.boot_id == now.boot_id:
        return now.monotonic_s - accepted.monotonic_s  # whatever happened to the wall's clock
    return now.unix_s - accepted.unix_s if accepted.synchronised and now.synchronised else None


def _shifted(text: str, by_s: float) -> str:
    return rfc3339((datetime.fromisoformat(text) + timedelta(seconds=by_s)).timestamp())

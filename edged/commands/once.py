"""Once: lets each change through once, and only near the time at which it was asked."""

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from edged.commands.errors import CommandError
from edged.messages.request_fields import unix_s
from edged.messages.requests import Request
from edged.messages.wire import rfc3339

MOST = 2048
"""Transactions that are remembered; the oldest is forgotten when there is no room, and never before its time."""


class _Change(NamedTuple):
    asked_s: float
    """Unix time, by the asker's clock."""
    admitted_s: float
    """By our own clock."""


class Once:
    """Remembers changes, those of ``before`` (of an edged that ran earlier: transaction and Unix time) among them.

    One that is too old to be asked again is remembered all the same while there is room: clocks are set back.
    """

    def __init__(
        self,
        max_age_s: float,
        before: Iterable[tuple[str, float]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``before``: the oldest first."""
        self._max_age_s, self._clock = max_age_s, clock
        self._changes: dict[str, _Change] = {}  # by transaction, the oldest first
        for transaction, asked_s in before:
            self._remember(transaction, _Change(asked_s, clock()))
            if len(self._changes) > MOST:
                self._forget()

    def admit(self, request: Request, box_s: float) -> None:
        """CommandError unless ``request`` may be carried out; ``box_s``: Unix time at which it came, by the box."""
        if request.at is None and request.changes:
            remedy = f"what changes something must say when it was asked; the box's time is {_shown(box_s)}"
            raise CommandError(f"at: is missing; {remedy}")
        if request.at is not None:
            self._check_age(request.at, box_s)
            if request.changes:
                self._admit(request.transaction, unix_s(request.at))

    def _check_age(self, at: str, box_s: float) -> None:
        ahead_s = unix_s(at) - box_s
        if not abs(ahead_s) <= self._max_age_s:
            off = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'before'} the box's time {_shown(box_s)}"
            remedy = f"must be within {self._max_age_s:g} s; ask anew, or set the clock that is wrong"
            raise CommandError(f"at: {at}, is {off}, {remedy}")

    def _admit(self, transaction: str, asked_s: float) -> None:
        now_s, open_s = self._clock(), 2 * self._max_age_s  # asked as far ahead as may be, and then as old as may be
        same = self._changes.get(transaction)
        if same and (now_s - same.admitted_s <= open_s or asked_s <= same.asked_s):
            raise CommandError(f"transaction: {transaction}, was used before; it is carried out once: use a new one")
        if len(self._changes) >= MOST and not same:
            if now_s - next(iter(self._changes.values())).admitted_s <= open_s:
                raise CommandError(f"more than {MOST:,} changes within {open_s:g} s; ask again later")
            self._forget()
        self._remember(transaction, _Change(asked_s, now_s))

    def _remember(self, transaction: str, change: _Change) -> None:
        self._changes.pop(transaction, None)  # so that the order is that of admission
        self._changes[transaction] = change

    def _forget(self) -> None:
        del self._changes[next(iter(self._changes))]


def _shown(unix_time: float) -> str:
    try:
        return rfc3339(unix_time)
    except (ValueError, OverflowError, OSError):
        return f"{unix_time:.0f} s after 1970"

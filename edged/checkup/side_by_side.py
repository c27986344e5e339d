"""Side by side: several pieces of work at once, each within its time; what hangs or breaks is told, and left behind."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from edged.checkup.box import Box
from edged.checkup.table import Check
from edged.runtime.finding import Finding, Level

T = TypeVar("T")
LOOK_S = 0.05


def check_up(
    checks: Mapping[str, Check], box: Box, told: Callable[[str], None] = lambda _name: None
) -> dict[str, list[Finding]]:
    """What each check found, in their order. ``told`` is called with the name of each that is done.

    A check that breaks or takes too long is a finding itself, beside what it had found by then.
    """
    works = {name: _Work(check.make, box, check.limit_s) for name, check in checks.items() if _can(check, box)}
    waiting = dict(works)
    while waiting:
        for name, work in list(waiting.items()):
            if work.over:
                told(name)
                del waiting[name]
        time.sleep(LOOK_S)
    return {name: _findings(name, works.get(name)) for name in checks}


def each(work: Callable[[T], Iterable[Finding]], things: Mapping[str, T], limit_s: float) -> Iterable[Finding]:
    """The findings on each thing, in their order; all are looked at at once, within ``limit_s``."""
    works = {name: _Work(work, thing, limit_s) for name, thing in things.items()}
    for name, one in works.items():
        while not one.over:
            time.sleep(LOOK_S)
        yield from _findings(name, one)


class _Work(Generic[T]):
    """A thread that collects findings. It ends with the process at the latest."""

    def __init__(self, work: Callable[[T], Iterable[Finding]], on: T, limit_s: float) -> None:
        self.limit_s, self.found, self.fault = limit_s, list[Finding](), ""
        self._work, self._on, self._until_s = work, on, time.monotonic() + limit_s
        self._thread = threading.Thread(target=self._run, name="check", daemon=True)
        self._thread.start()

    @property
    def late(self) -> bool:
        """Whether it goes on though its time is over."""
        return self._thread.is_alive() and time.monotonic() > self._until_s

    @property
    def over(self) -> bool:
        """Whether nothing more is waited for."""
        return not self._thread.is_alive() or self.late

    def _run(self) -> None:
        try:
            for finding in self._work(self._on):
                self.found.append(finding)
        except Exception as fault:  # a check's bug is a finding, and the others go on
            self.fault = f"{type(fault).__name__}: {fault}".rstrip(": ")


def _can(check: Check, box: Box) -> bool:
    return not (box.faults and check.needs_settings)


def _findings(about: str, work: _Work[T] | None) -> list[Finding]:
    if work is None:
        return [Finding(Level.WARNING, about, "not checked: the configuration cannot be used", "mend that first")]
    found = list(work.found)
    if work.late:
        found.append(Finding(Level.FAULT, about, f"gave no answer within {work.limit_s:g} s", "try it once more"))
    if work.fault:
        remedy = "this is a fault of edged's: report it, with `edged support-bundle`"
        found.append(Finding(Level.FAULT, about, f"the check broke: {work.fault}", remedy))
    return found

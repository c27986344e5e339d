"""Notices: what the box says of itself while it is tormented, whichever way it comes, and who waits for which word."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Notice(NamedTuple):
    """One thing that the box said."""

    at_s: float
    """Unix time at which we had it."""
    kind: str
    """``health``, ``info``, ``state`` (over MQTT), ``log`` (its standard error) or ``response/<command>``."""
    said: Mapping[str, Any]


Sign = Callable[[Notice], str]
"""The words of a notice that show what is looked for; empty where it does not."""


class Notices:
    """All of them, in order. Thread-safe."""

    def __init__(self) -> None:
        self.all: list[Notice] = []
        self._changed = threading.Condition()

    def add(self, kind: str, said: Mapping[str, Any]) -> None:
        """It has just come."""
        with self._changed:
            self.all.append(Notice(time.time(), kind, said))
            self._changed.notify_all()

    def wait(self, sign: Sign, since_s: float, limit_s: float) -> tuple[float, str] | None:
        """When it came, and its words: the first since then that shows ``sign``; None where none came in time.

        ``limit_s`` counts from ``since_s``.
        """
        place = 0
        with self._changed:
            while True:
                while place < len(self.all):
                    notice = self.all[place]
                    place += 1
                    if notice.at_s >= since_s and (words := sign(notice)):
                        return notice.at_s, words
                left_s = since_s + limit_s - time.time()
                if left_s <= 0:
                    return None
                self._changed.wait(left_s)


def health_says(pattern: str) -> Sign:
    """A reason in health matches."""

    def sign(notice: Notice) -> str:
        return first_match(pattern, notice.said["reasons"]) if notice.kind == "health" else ""

    return sign


def health_is_without(pattern: str) -> Sign:
    """No reason in health matches."""

    def sign(notice: Notice) -> str:
        if notice.kind != "health" or first_match(pattern, notice.said["reasons"]):
            return ""
        return f"health: {notice.said['state']}"

    return sign


def first_match(pattern: str, reasons: list[str]) -> str:
    """The first reason that matches, else nothing. That a part flaps outlasts each fault, and is none of them."""
    return next((reason for reason in reasons if re.search(pattern, reason) and "flap" not in reason), "")


def log_says(message: str) -> Sign:
    """A line of the log with this message; its reason, where it has one."""

    def sign(notice: Notice) -> str:
        if notice.kind != "log" or notice.said.get("message") != message:
            return ""
        return f"log: {notice.said.get('reason', message)}"

    return sign


def state_is(wanted: str) -> Sign:
    """``online`` or ``offline``, by the topic ``state``."""

    def sign(notice: Notice) -> str:
        return f"state: {wanted}" if notice.kind == "state" and notice.said.get("state") == wanted else ""

    return sign


def info_says(pipeline: str, *, on: bool) -> Sign:
    """``info`` has the pipeline switched on, or off."""

    def sign(notice: Notice) -> str:
        fits = notice.kind == "info" and notice.said["pipelines_enabled"].get(pipeline) is on
        return f"info: {pipeline} is {'on' if on else 'off'}" if fits else ""

    return sign

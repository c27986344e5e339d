"""Desk: where messages that ask for something come in. Nothing is read on the broker's thread."""

import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from edged.commands.audit import Audit
from edged.commands.clerk import Clerk, Handler, Respond
from edged.commands.config import CommandsConfig
from edged.commands.door import MOST_BYTES, Door, Refusal
from edged.messages.health import State
from edged.runtime.health import Clock, Part

WAITING = 16
"""Messages that wait to be read; of those that are only to be told that they are refused, half as many."""

log = logging.getLogger(__name__)


class _Message(NamedTuple):
    command: str
    payload: bytes
    came_s: float
    """Unix time."""
    refusal: Refusal | None


class Desk:
    """Each message that is not part of a flood gets one answer. A slow handler delays nothing but other commands.

    The health counts what was ``answered``, ``refused``, and ``flooded`` (left unread, as too much came at once).
    """

    def __init__(
        self,
        config: CommandsConfig,
        handlers: Mapping[str, Handler],
        respond: Respond,
        audit: Audit,
        health: Part,
        clock: Clock = time.monotonic,
        unix_time: Clock = time.time,
    ) -> None:
        """``handlers``: by command; one that is allowed and not there is answered with an error."""
        self._health, self._unix_time = health, unix_time
        self._door = Door(config, handlers.keys(), clock)
        self._clerk = Clerk(config, handlers, respond, audit, health, clock, unix_time)
        self._waiting = queue.Queue[_Message | None](WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="commands", daemon=True)

    def start(self) -> None:
        """Begin to carry out what is asked."""
        self._health.set(State.OK)
        self._thread.start()

    def stop(self, limit_s: float) -> None:
        """Take nothing more, forget what waits, and wait ``limit_s`` at most for what is being carried out."""
        self._stopping.set()
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def take(self, command: str, payload: bytes, retained: bool) -> None:
        """A message came on ``request/<command>``. From the broker's thread alone; returns at once, never raises."""
        if self._stopping.is_set():
            return
        refusal = self._door.look(command, len(payload), retained=retained)
        if refusal is not None and not self._may_tell(command, refusal):
            return
        kept = payload if len(payload) <= MOST_BYTES else b""
        try:
            self._waiting.put_nowait(_Message(command, kept, self._unix_time(), refusal))
        except queue.Full:
            self._health.count("flooded")

    def _may_tell(self, command: str, refusal: Refusal) -> bool:
        """Whether a refusal is one of the few that are answered; count it in any case."""
        tell = self._waiting.qsize() < WAITING // 2 and self._door.may_answer(command)
        self._health.count("refused" if tell and not refusal.flood else "flooded")
        return tell

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None:
            try:
                self._deal(message)
            except Exception:  # whatever it was: the next one may be better
                log.exception("a command could not be dealt with", extra={"command": message.command})
                self._health.count("faults")

    def _deal(self, message: _Message) -> None:
        command, payload, came_s, refusal = message
        if refusal is None:
            self._clerk.serve(command, payload, came_s)
        else:
            self._clerk.refuse(command, payload, refusal.text, record=not refusal.flood)

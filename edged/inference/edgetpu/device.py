"""EdgeTpu: watches over one device: opens it, hands it its models, and opens it again when it was lost."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from edged.errors import DeviceLostError
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.channel import Channel
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.host_process import RefusedError
from edged.inference.edgetpu.model import EdgeTpuModel
from edged.inference.edgetpu.session import IDLE_S, Session
from edged.inference.files.verify import verify
from edged.inference.turns import of_an_accelerator
from edged.messages.health import State
from edged.runtime.health import Part

RETRY_S = (0.25, 4.0)
"""Two tries begin so long apart, doubling up to the second: the device is back within 5 s of its recovery.

Counted from the beginning of a try, since one that hangs takes its time; but after each failure the first must pass.
"""
TIRED = 30
"""After so many failures in a row it is tried only every ``TIRED_S``: each try costs a Pi half a second of a core."""
TIRED_S = 30.0
STEADY_S = 60.0
"""A session that lasted so long clears the count of failures."""
PLUG_S = 1.0
"""How often we look whether something was plugged in or out."""
RESET_AFTER = 2
"""Failures in a row after which each new try begins with a reset."""

log = logging.getLogger(__name__)


def retry_s(failures: int) -> float:
    """How far apart two tries begin after that many failures in a row."""
    return TIRED_S if failures > TIRED else float(min(RETRY_S[1], RETRY_S[0] * 2 ** (failures - 1)))


class EdgeTpu:
    """One device and the thread that watches over it."""

    def __init__(
        self,
        name: str,
        config: EdgeTpuConfig,
        health: Part,
        announce: Callable[[bool], None] = lambda _: None,
        present: Callable[[], bool] = lambda: True,
        reset: Callable[[], str] = lambda: "",
        wait_s: Callable[[int], float] = retry_s,
    ) -> None:
        """``announce`` is told of every change; ``present``: is it plugged in; ``reset`` says what it did.

        ``wait_s`` gives from the number of failures in a row how far apart two tries begin.
        """
        self.name, self.turns = name, of_an_accelerator()
        self._config, self._health, self._announce = config, health, announce
        self._present, self._reset, self._wait_s = present, reset, wait_s
        self._changed = threading.Condition()
        self._models: dict[str, EdgeTpuModel] = {}
        self._session: Session | None = None
        self._stopping = self._asked = False
        self._failures = self._added = 0
        self._thread = threading.Thread(target=self._watch, name=f"edgetpu-{name}", daemon=True)

    def add(self, cpu: CpuModel) -> EdgeTpuModel:
        """Run the twin of ``cpu`` here as soon as may be; ModelError where its file is not as its card says."""
        verify(cpu.folder, cpu.card, "edgetpu")  # what slows it down is said once it runs here
        with self._changed:
            self._added += 1
            key = f"{cpu.card.name}#{self._added}"
            self._models[key] = model = EdgeTpuModel(key, self, cpu, self._config.deadline_ms / 1e3)
        self.look()
        return model

    def remove(self, key: str) -> None:
        """Forget a model."""
        with self._changed:
            self._models.pop(key, None)
        self.look()

    def facts(self) -> Mapping[str, Any]:
        """What its host process found: ``runtime``, ``versions``, ``library``; empty while it is not there."""
        session = self._session
        return session.facts if session else {}

    def start(self) -> None:
        """Begin to watch, in the background."""
        self._thread.start()

    def stop(self, limit_s: float) -> None:
        """Give the device back."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(limit_s)

    def look(self) -> None:
        """Look after models and overdue replies now, not at the next turn."""
        with self._changed:
            self._asked = True
            self._changed.notify_all()

    def lost(self, channel: Channel, error: DeviceLostError) -> None:
        """A request on ``channel`` failed: if that is today's session, it is over."""
        session = self._session
        if session and session.channels.get(channel.key) is channel:
            session.fail(error)

    def _watch(self) -> None:
        while not self._stopping:
            if not self._models or not self._present():
                why = "is not plugged in" if self._models else "no model in use has a file for it"
                self._health.set(State.DEGRADED if self._failures else State.OFF, why)
                self._pause(PLUG_S)
                continue
            began_s = time.monotonic()
            try:
                self._serve()
            except DeviceLostError as fault:
                self._failed(str(fault), began_s)
            except Exception as bug:  # ours; the box goes on without the device rather than without a watcher
                log.exception("fault in edged", extra={"device": self.name})
                self._failed(f"fault in edged: {bug!r}", began_s)

    def _serve(self) -> None:
        """One session from beginning to end; DeviceLostError with the reason when a fault ended it."""
        session = Session(self.name, self._config, self.look)
        try:
            self._session = session
            self._load(session)
            self._up(session)
            while session.fault is None and self._models and not self._stopping:
                self._pause(self._config.hang_s / 4 if session.owes() else IDLE_S / 2)
                self._load(session)
                session.check()
        except DeviceLostError as error:
            session.fail(error)
        finally:
            reason = None if session.fault is None else session.reason()
            self._down(session)
        if reason is not None:
            raise DeviceLostError(reason)

    def _load(self, session: Session) -> None:
        """Bring the session's models in line with ours; DeviceLostError where not one can be had."""
        with self._changed:
            models = dict(self._models)
        for key in session.channels.keys() - models.keys():
            session.unload(key)
        for key, model in models.items():
            if key not in session.channels and key not in session.refused:
                try:
                    model.connect(*session.load(key, model.cpu))
                except RefusedError as error:
                    session.refused[key] = str(error)
        if session.refused and not session.channels:
            raise DeviceLostError(next(iter(session.refused.values())))

    def _up(self, session: Session) -> None:
        log.info("accelerator is there", extra={"device": self.name, **session.facts["versions"]})
        refused = "; ".join(f"runs on the CPU: {reason}" for reason in session.refused.values())
        self._health.count("opened")
        self._health.set(State.DEGRADED if refused else State.OK, refused)
        self._announce(True)

    def _down(self, session: Session) -> None:
        self._session = None
        for model in list(self._models.values()):
            model.connect(None)
        session.close(1.0 if session.fault is None else 0.0)
        if session.fault is None:
            self._health.set(State.OFF)
            self._announce(False)

    def _failed(self, reason: str, began_s: float) -> None:
        """Say so, and wait until it is worth another try."""
        self._failures = 1 if time.monotonic() - began_s > STEADY_S else self._failures + 1
        log.warning("accelerator lost", extra={"device": self.name, "reason": reason, "failures": self._failures})
        self._health.count("lost")
        self._health.set(State.DEGRADED, f"{reason}; its models run on the CPU")
        self._announce(False)
        if self._failures >= RESET_AFTER and (did := self._reset()):
            log.info("accelerator reset", extra={"device": self.name, "did": did})
        until_s = max(began_s + self._wait_s(self._failures), time.monotonic() + RETRY_S[0])
        was_present = self._present()
        while (left_s := until_s - time.monotonic()) > 0 and not self._stopping and self._present() == was_present:
            self._sleep(min(left_s, PLUG_S))

    def _pause(self, limit_s: float) -> None:
        """Until somebody asks us to look, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._asked or self._stopping, limit_s)
            self._asked = False

    def _sleep(self, limit_s: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, limit_s)

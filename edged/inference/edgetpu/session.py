"""Session: one life of the host process, from opening the device to its first fault."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from edged.errors import DeviceLostError, ModelError
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.channel import Channel, GoneError, LateError
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.host_process import HostProcess, RefusedError
from edged.inference.edgetpu.lock import take
from edged.inference.edgetpu.self_test import difference, known_inputs
from edged.inference.files.verify import read_verified
from edged.inference.model import zeros

OPEN_LIMIT_S = 4.0
"""Opening the library, or loading a model: a USB Coral takes 3 s for its firmware."""
TEST_LIMIT_S = 2.0
"""The first inference also sends the parameters over USB."""
IDLE_S = 2.0
"""A device that nobody asked anything for so long is asked by us: a lost one is noticed within 5 s."""


class Session:
    """The device is ours. Anything that goes wrong ends the session, once, with the first reason."""

    def __init__(self, device: str, config: EdgeTpuConfig, ended: Callable[[], None]) -> None:
        """Start the host; DeviceLostError where that fails. ``ended`` is called when a fault ends the session."""
        self.fault: str | None = None
        """In words: an error would hold its traceback, and that this session with all its files, in a circle."""
        self._gone = False  # the host process is
        self.channels: dict[str, Channel] = {}
        self.refused: dict[str, str] = {}
        """Models that the device will not have, by key, and why; tried again with the next check."""
        self._models: dict[str, CpuModel] = {}
        self._tested_s = time.monotonic()
        self._device, self._config, self._ended = device, config, ended
        self._lock = threading.Lock()
        self._host = HostProcess(config.python, take(device, config.locks))
        try:
            self.facts = self._host.open(device, config.library, config.options, OPEN_LIMIT_S)
        except DeviceLostError:
            self._host.close()
            raise

    def load(self, key: str, cpu: CpuModel) -> tuple[Channel, float]:
        """The model's channel and how many seconds it takes, warm. RefusedError: not this model; others may do."""
        try:
            content = read_verified(cpu.folder, cpu.card, "edgetpu")
        except ModelError as error:
            raise RefusedError(str(error)) from None
        channel = self._host.load(self._device, key, cpu.card, content, OPEN_LIMIT_S)
        self.channels[key], self._models[key] = channel, cpu
        self._test(channel, cpu)
        began_s = time.monotonic()
        channel.run(zeros(cpu.card), TEST_LIMIT_S)
        return channel, time.monotonic() - began_s

    def owes(self) -> bool:
        """Whether a reply is overdue."""
        return any(channel.overdue_s() > 0 for channel in self.channels.values())

    def check(self) -> None:
        """DeviceLostError where a reply is long overdue, or an idle device does not answer or lies."""
        for channel in self.channels.values():
            if channel.overdue_s() > self._config.hang_s:
                raise DeviceLostError(f"hangs in {channel.name}: no reply for {self._config.hang_s:g} s")
        now_s = time.monotonic()
        if now_s - self._tested_s > self._config.check_s:
            self._tested_s = now_s
            self.refused.clear()
            for key, channel in self.channels.items():
                self._test(channel, self._models[key])
        elif self.fault is None and all(now_s - channel.asked_s > IDLE_S for channel in self.channels.values()):
            self._probe()

    def unload(self, key: str) -> None:
        """The host forgets the model."""
        self.channels.pop(key).close()

    def fail(self, fault: DeviceLostError) -> None:
        """End the session. Whoever else waits for a reply is told at once; any thread may call this."""
        with self._lock:
            if self.fault is not None:
                return
            self.fault, self._gone = str(fault), isinstance(fault, GoneError)
        if not self._gone:
            self._host.kill()
        self._ended()

    def reason(self) -> str:
        """Why the session ended; for the watcher, since it may have to wait for the process to end."""
        return self._host.why_gone() if self._gone else str(self.fault)

    def close(self, limit_s: float = 0.0) -> None:
        """Give the device back."""
        for channel in self.channels.values():
            channel.close()
        self._host.close(limit_s)

    def _probe(self) -> None:
        key, channel = next(iter(self.channels.items()))
        with suppress(LateError):  # it is overdue from now on, or somebody else is asking
            channel.run(zeros(self._models[key].card), self._config.hang_s)

    def _test(self, channel: Channel, cpu: CpuModel) -> None:
        """Run known inputs on both; DeviceLostError where the device hangs, fails or does not tell the truth."""
        for inputs in known_inputs(cpu.card):
            try:
                actual = channel.run(inputs, TEST_LIMIT_S)
            except LateError:
                raise DeviceLostError(f"hangs in {channel.name}: no reply within {TEST_LIMIT_S:g} s") from None
            if wrong := difference(cpu.card, cpu.run(inputs).outputs, actual):
                raise DeviceLostError(f"is not to be trusted: {channel.name}: {wrong}")

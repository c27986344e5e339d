"""The Edge TPU host: the one process that holds the device, and all that may hang or crash with it.

Run as a script, ``python -I edgetpu_host.py CONTROL_FD``, by an interpreter that the configuration may name: real
pycoral needs Python 3.9, and a libedgetpu crashes beside a runtime of another ABI. So this file imports nothing of ours
and needs Python 3.9 or later, numpy, and one of pycoral, tflite_runtime, ai_edge_litert.

The control socket (SEQPACKET, JSON, one reply to each message): ``open`` the library, ``load`` a model. With it come
file descriptors: its content, and for each of its lanes an arena of shared memory for its tensors and a socket that
takes ``REQUEST`` and gives ``REPLY``; closing those unloads the model, closing the control socket ends the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.metadata
import json
import mmap
import os
import selectors
import signal
import socket
import struct
import sys
import time
from typing import Any

REQUEST = struct.Struct("<QQB")
"""Number of the request; until when an answer is of use, in nanoseconds of CLOCK_MONOTONIC; its rank, 0 goes first."""
REPLY = struct.Struct("<QBQ")
"""Number of the request; what became of it; nanoseconds of the inference. After a failure its text follows."""
DONE, FAILED, LATE = range(3)
MESSAGE_BYTES = 65536
"""The longest message on a socket."""

RUNTIMES = ("pycoral", "tflite_runtime", "ai_edge_litert")
"""In the order in which they are tried; pycoral brings a tflite_runtime that fits its libedgetpu."""
LIBRARY = "libedgetpu.so.1"
RECENT = 0.2
"""Weight of the latest inference in the running means of what one costs."""
NOISE_NS = 1_000_000
"""A change that seems to cost less is free: parameters take longer over USB, and waiting for nothing is a loss."""


class Schedule:
    """Which model goes next. The same as before, if the others can wait: a change may cost a reload of parameters.

    When only others wait, the next request of the same model is awaited for up to half of what the change costs
    (anticipatory scheduling: Iyer and Druschel, SOSP 2001), as far as deadlines allow. What it costs is measured.
    """

    def __init__(self) -> None:
        self.last: str | None = None
        self._finished_ns = 0
        self._same: dict[str, float] = {}
        self._changed: dict[str, float] = {}

    def next(self, deadlines: dict[str, int], now_ns: int) -> tuple[str | None, int]:
        """The model to run now, or None and for how many nanoseconds to wait for another request."""
        urgent = min(deadlines, key=lambda name: deadlines[name])
        slack_ns = deadlines[urgent] - now_ns - 2 * self._cost_ns(urgent)
        if self.last in deadlines:
            return (self.last if slack_ns > self._cost_ns(self.last) else urgent), 0
        wait_ns = min(self._finished_ns + self._change_ns(urgent) // 2 - now_ns, slack_ns)
        return (None, wait_ns) if self.last and wait_ns > 0 else (urgent, 0)

    def ran(self, name: str, took_ns: int, now_ns: int) -> None:
        """Model ``name`` took so long, until now."""
        means = self._same if name == self.last else self._changed
        means[name] = means.get(name, took_ns) * (1 - RECENT) + took_ns * RECENT
        self.last, self._finished_ns = name, now_ns

    def forget(self, name: str) -> None:
        """Model ``name`` is gone."""
        self._same.pop(name, None)
        self._changed.pop(name, None)
        if self.last == name:
            self.last = None

    def _cost_ns(self, name: str | None) -> int:
        return int(max(self._same.get(name or "", 0), self._changed.get(name or "", 0)))

    def _change_ns(self, name: str) -> int:
        changed = self._changed.get(name, 0)
        more_ns = int(changed - self._same.get(name, changed))
        return more_ns if more_ns > NOISE_NS else 0


class Served:
    """One lane of a model: the model's interpreter, and tensors in shared memory."""

    def __init__(self, interpreter: Any, arena: mmap.mmap, channel: socket.socket, order: dict[str, Any]) -> None:
        numpy = importlib.import_module("numpy")
        self.model, self.channel = order["name"], channel
        self._interpreter, self._arena = interpreter, arena
        given, made = interpreter.get_input_details(), interpreter.get_output_details()
        self._inputs, self._outputs = (
            [(detail["index"], numpy.ndarray(shape, dtype, arena, at)) for detail, (at, dtype, shape) in pairs]
            for pairs in (zip(given, order["inputs"]), zip(made, order["outputs"]))  # noqa: B905  # Python 3.10's
        )

    def run(self) -> int:
        """One inference, from the arena into the arena. Returns the nanoseconds it took."""
        for index, array in self._inputs:
            self._interpreter.set_tensor(index, array)
        began_ns = time.monotonic_ns()
        self._interpreter.invoke()
        took_ns = time.monotonic_ns() - began_ns
        for index, array in self._outputs:
            array[...] = self._interpreter.get_tensor(index)
        return took_ns


class Host:
    """Serves requests one at a time, the device being one."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, "")
        self._models: dict[str, Served] = {}
        self._waiting: dict[str, tuple[int, int, int]] = {}
        self._schedule = Schedule()
        self._open: dict[str, Any] = {}
        self._runtime: Any = None

    def serve(self) -> None:
        """Until the control socket is closed."""
        while True:
            wait_s: float | None = None
            if self._waiting:
                lanes = self._lanes()
                due = {name: self._waiting[lane][1] for name, lane in lanes.items()}
                name, wait_ns = self._schedule.next(due, time.monotonic_ns())
                wait_s = wait_ns / 1e9
                if name is not None:
                    self._answer(lanes[name])
                    wait_s = 0
            for key, _ in self._selector.select(wait_s):
                if not self._take(key.data):
                    return

    def _lanes(self) -> dict[str, str]:
        """By model, the lane whose request came first, of those of the lowest rank."""
        first = min(rank for _, _, rank in self._waiting.values())
        return {self._models[it].model: it for it, (_, _, rank) in reversed(self._waiting.items()) if rank == first}

    def _take(self, name: str) -> bool:
        """Take one message from the lane ``name``, or from the control socket (""); False: the end."""
        if not name:
            message, fds, _, _ = socket.recv_fds(self._control, MESSAGE_BYTES, 9)  # as many as four lanes need
            if message:
                self._control.send(json.dumps(self._obey(json.loads(message), fds)).encode())
            return bool(message)
        request = b""
        with contextlib.suppress(ConnectionResetError):  # it was closed with a reply in it that nobody had taken
            request = self._models[name].channel.recv(REQUEST.size)
        if request:
            self._waiting[name] = REQUEST.unpack(request)
        else:
            self._unload(name)
        return True

    def _answer(self, lane: str) -> None:
        number, deadline_ns, _ = self._waiting.pop(lane)
        served = self._models[lane]
        status, took_ns, text = LATE, 0, ""
        if time.monotonic_ns() < deadline_ns:
            try:
                status, took_ns = DONE, served.run()
            except (RuntimeError, ValueError) as error:
                status, text = FAILED, str(error)
            self._schedule.ran(served.model, took_ns, time.monotonic_ns())
        with contextlib.suppress(OSError):  # whoever asked has closed the channel; the selector says so next
            served.channel.send(REPLY.pack(number, status, took_ns) + text.encode()[:1000])

    def _obey(self, order: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        try:
            return self._load(order, fds) if order["order"] == "load" else self._open_device(order)
        except (OSError, RuntimeError, ValueError, ImportError, SystemError) as error:
            return {"error": str(error) or type(error).__name__}

    def _open_device(self, order: dict[str, Any]) -> dict[str, Any]:
        """Find a runtime and load the library; the device itself is opened with the first model."""
        name, self._runtime, skipped = find_runtime()
        library = order["library"] or LIBRARY
        ctypes.CDLL(library)  # OSError says what is wrong with it, where the runtimes' own message does not
        self._open = {"library": library, "options": dict(order["options"], device=order["device"])}
        return {"runtime": name, "skipped": skipped, "versions": versions(), "library": library}

    def _load(self, order: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        content_fd, *lane_fds = fds
        with mmap.mmap(content_fd, 0) as mapped:
            content = mapped[:]
        lanes = [(mmap.mmap(arena, 0), socket.socket(fileno=fd)) for arena, fd in zip(lane_fds[::2], lane_fds[1::2])]  # noqa: B905  # Python 3.10's
        for fd in (content_fd, *lane_fds[::2]):
            os.close(fd)
        try:
            delegate = self._runtime.load_delegate(self._open["library"], self._open["options"])
        except ValueError as error:  # libedgetpu gives no reason
            raise RuntimeError(f"{order['device']} cannot be opened: {error}".rstrip(": ")) from None
        interpreter = self._runtime.Interpreter(model_content=content, experimental_delegates=[delegate])
        interpreter.allocate_tensors()
        for number, (arena, channel) in enumerate(lanes):
            self._models[f"{order['name']}/{number}"] = Served(interpreter, arena, channel, order)
            self._selector.register(channel, selectors.EVENT_READ, f"{order['name']}/{number}")
        return {"device": order["device"]}

    def _unload(self, lane: str) -> None:
        gone = self._models.pop(lane)
        self._selector.unregister(gone.channel)
        gone.channel.close()
        self._waiting.pop(lane, None)
        if all(other.model != gone.model for other in self._models.values()):
            self._schedule.forget(gone.model)


def find_runtime() -> tuple[str, Any, list[str]]:
    """The first runtime that is installed: its name, its module, and why those before it were skipped."""
    skipped: list[str] = []
    for name in RUNTIMES:
        try:
            if name == "pycoral":  # PyPI's package of this name is another program and has no such module
                importlib.import_module("pycoral.utils.edgetpu")
                return name, importlib.import_module("tflite_runtime.interpreter"), skipped
            return name, importlib.import_module(f"{name}.interpreter"), skipped
        except ImportError as error:
            skipped.append(f"{name}: {error}")
    raise RuntimeError(f"{sys.executable} has none of {', '.join(RUNTIMES)}: {'; '.join(skipped)}")


def versions() -> dict[str, str]:
    """Of Python and of what is installed beside it."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("numpy", "pycoral", "tflite-runtime", "ai-edge-litert"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def main() -> None:
    """Serve on the control socket; die with the parent, whatever this process hangs in."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    control = socket.socket(fileno=int(sys.argv[1]))
    Host(control).serve()


if __name__ == "__main__":
    main()

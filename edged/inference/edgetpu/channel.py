"""Channel: one model in the Edge TPU host: sockets for requests, and its tensors in shared memory."""

import mmap
import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, Queue

import numpy as np

from edged.errors import DeviceLostError
from edged.inference.edgetpu.host import FAILED, LATE, MESSAGE_BYTES, REPLY, REQUEST
from edged.inference.files.card import Card, Tensor
from edged.inference.model import Array

LAST_RANK = 1
"""Of those who do not say: that of video. A lower one would hardly be served where there is much video."""
LANES = 2
"""Requests to a model that may be under way: while the device is at one, the next is there already."""
ALIGNMENT = 64
"""Of each tensor, in bytes: a cache line."""

Slot = tuple[int, str, tuple[int, ...]]
"""Offset in the arena, dtype, shape."""


class LateError(DeviceLostError):
    """No reply in time. The device may only be busy: the answer is not awaited any longer."""


class GoneError(DeviceLostError):
    """The host process is gone: no reply will come."""


class Channel:
    """One model in the host. Several threads may ask it; one of them is answered, and one more waits over there."""

    def __init__(self, key: str, card: Card) -> None:
        """``key``: what the host is to call it; a model may be there twice, the new beside the old."""
        self.key, self.name = key, card.name
        inputs, end = layout(card.inputs, 0)
        outputs, end = layout(card.outputs, end)
        self.tensors = {"inputs": inputs, "outputs": outputs}
        self._lanes = [Lane(card.name, inputs, outputs, end) for _ in range(LANES)]
        self._idle: Queue[Lane] = Queue()  # a SimpleQueue can wait beyond its timeout where a signal comes
        for lane in self._lanes:
            self._idle.put(lane)

    @property
    def fds(self) -> list[int]:
        """What the host is handed: of each lane its arena and its end of the socket."""
        return [fd for lane in self._lanes for fd in (lane.arena_fd, lane.theirs.fileno())]

    @property
    def asked_s(self) -> float:
        """When the last request was made."""
        return max(lane.asked_s for lane in self._lanes)

    def handed_over(self) -> None:
        """The host has its own copies of what it needs."""
        for lane in self._lanes:
            os.close(lane.arena_fd)
            lane.theirs.close()

    def run(self, inputs: Sequence[Array], limit_s: float) -> list[Array]:
        """One inference. LateError when no reply comes within ``limit_s``, DeviceLostError when none will."""
        return self.ask(inputs, limit_s)[0]

    def ask(self, inputs: Sequence[Array], limit_s: float, rank: int = LAST_RANK) -> tuple[list[Array], float]:
        """The same, with how many seconds it took on the device; of those that wait there the lowest rank is next."""
        until_s = time.monotonic() + limit_s
        try:
            lane = self._idle.get(timeout=limit_s)
        except Empty:
            raise LateError(f"{self.name}: its last requests are still being answered") from None
        try:
            return lane.ask(inputs, until_s, rank)
        finally:
            self._idle.put(lane)

    def overdue_s(self) -> float:
        """For how long a reply has been owed; 0 when none is, or somebody is waiting for it."""
        return max(lane.overdue_s() for lane in self._lanes)

    def close(self) -> None:
        """The host unloads the model."""
        for lane in self._lanes:
            lane.close()


class Lane:
    """One request at a time; a reply that comes too late is dropped, never taken for another."""

    def __init__(self, name: str, inputs: Sequence[Slot], outputs: Sequence[Slot], size: int) -> None:
        """``size``: of the arena that holds these tensors, in bytes."""
        self._name = name
        self._lock = threading.Lock()
        self._number = 0
        self._owed_since_s: float | None = None
        self.asked_s = time.monotonic()
        """When the last request was made."""
        self.arena_fd = os.memfd_create(f"edged-{name}", os.MFD_CLOEXEC)
        os.ftruncate(self.arena_fd, size)
        arena = mmap.mmap(self.arena_fd, size)
        self._inputs, self._outputs = (
            [np.ndarray(shape, dtype, arena, offset) for offset, dtype, shape in tensors]
            for tensors in (inputs, outputs)
        )
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def ask(self, inputs: Sequence[Array], until_s: float, rank: int) -> tuple[list[Array], float]:
        """As :meth:`Channel.ask`, until a moment of the monotonic clock."""
        with self._lock:
            if self._owed_s() > 0.0:
                raise LateError(f"{self._name}: a reply is overdue")
            for view, array in zip(self._inputs, inputs, strict=True):
                view[...] = array
            self._number += 1
            self.asked_s = self._owed_since_s = time.monotonic()
            self._send(REQUEST.pack(self._number, int(until_s * 1e9), rank))
            took_s = self._settle(until_s - time.monotonic())
            if took_s is None:
                raise LateError(f"{self._name}: no reply in time")
            return [view.copy() for view in self._outputs], took_s

    def overdue_s(self) -> float:
        """For how long a reply has been owed; 0 when none is, or somebody is waiting for it."""
        if not self._lock.acquire(blocking=False):
            return 0.0
        try:
            return self._owed_s()
        finally:
            self._lock.release()

    def close(self) -> None:
        """The host unloads the model."""
        with self._lock:  # nobody is to wait on a file descriptor that may by then be another's
            self._ours.close()

    def _owed_s(self) -> float:
        if self._owed_since_s is not None:
            with suppress(LateError):  # the last request's: it says nothing about the next
                self._settle(0.0)
        return 0.0 if self._owed_since_s is None else time.monotonic() - self._owed_since_s

    def _send(self, request: bytes) -> None:
        try:
            self._ours.send(request)
        except OSError:
            raise GoneError("the host process is gone") from None

    def _settle(self, limit_s: float) -> float | None:
        """Take the reply that is owed: seconds of the inference; None when it does not come in time."""
        try:
            self._ours.settimeout(max(limit_s, 0.0))
            reply = self._ours.recv(MESSAGE_BYTES)
        except (BlockingIOError, TimeoutError):
            return None
        except OSError:
            reply = b""
        if not reply:
            raise GoneError("the host process is gone")
        self._owed_since_s = None
        number, status, took_ns = REPLY.unpack_from(reply)
        if number != self._number:
            raise DeviceLostError(f"{self._name}: answered request {number}, not {self._number}")
        if status == FAILED:
            raise DeviceLostError(f"{self._name}: {reply[REPLY.size :].decode(errors='replace')}")
        if status == LATE:
            raise LateError(f"{self._name}: the device was busy")
        return float(took_ns / 1e9)


def layout(tensors: Sequence[Tensor], start: int) -> tuple[list[Slot], int]:
    """Where ``tensors`` lie in an arena from ``start`` on, aligned; and where the next may begin."""
    slots: list[Slot] = []
    for tensor in tensors:
        slots.append((start, tensor.dtype, tensor.shape))
        size = int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype).itemsize
        start += -(-max(size, 1) // ALIGNMENT) * ALIGNMENT
    return slots, start

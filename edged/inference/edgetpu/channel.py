"""Channel: one model in the Edge TPU host: a socket for requests, and its tensors in shared memory."""

import mmap
import os
import socket
import threading
import time
from collections.abc import Sequence

import numpy as np

from edged.errors import DeviceLostError
from edged.inference.edgetpu.host import FAILED, LATE, MESSAGE_BYTES, REPLY, REQUEST
from edged.inference.files.card import Card, Tensor
from edged.inference.model import Array

ALIGNMENT = 64
"""Of each tensor, in bytes: a cache line."""

Slot = tuple[int, str, tuple[int, ...]]
"""Offset in the arena, dtype, shape."""


class LateError(DeviceLostError):
    """No reply in time. The device may only be busy: the answer is not awaited any longer."""


class GoneError(DeviceLostError):
    """The host process is gone: no reply will come."""


class Channel:
    """One model in the host. One request at a time; a reply that comes too late is dropped, never taken for another."""

    def __init__(self, key: str, card: Card) -> None:
        """``key``: what the host is to call it; a model may be there twice, the new beside the old."""
        self.key, self.name = key, card.name
        self._lock = threading.Lock()
        self._number = 0
        self._owed_since_s: float | None = None
        self.asked_s = time.monotonic()
        """When the last request was made."""
        inputs, end = layout(card.inputs, 0)
        outputs, end = layout(card.outputs, end)
        self.tensors = {"inputs": inputs, "outputs": outputs}
        self.arena_fd = os.memfd_create(f"edged-{card.name}", os.MFD_CLOEXEC)
        os.ftruncate(self.arena_fd, end)
        arena = mmap.mmap(self.arena_fd, end)
        self._inputs, self._outputs = (
            [np.ndarray(shape, dtype, arena, offset) for offset, dtype, shape in tensors]
            for tensors in (inputs, outputs)
        )
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def handed_over(self) -> None:
        """The host has its own copies of what it needs."""
        os.close(self.arena_fd)
        self.theirs.close()

    def run(self, inputs: Sequence[Array], limit_s: float) -> list[Array]:
        """One inference. LateError when no reply comes within ``limit_s``, DeviceLostError when none will."""
        until_s = time.monotonic() + limit_s
        if not self._lock.acquire(timeout=limit_s):
            raise LateError(f"{self.name}: its last request is still being answered")
        try:
            if self._owed_since_s is not None and not self._settle(0.0):
                raise LateError(f"{self.name}: a reply is overdue")
            for view, array in zip(self._inputs, inputs, strict=True):
                view[...] = array
            self._number += 1
            self.asked_s = self._owed_since_s = time.monotonic()
            self._send(REQUEST.pack(self._number, int(until_s * 1e9)))
            if not self._settle(until_s - time.monotonic()):
                raise LateError(f"{self.name}: no reply within {limit_s * 1e3:.0f} ms")
            return [view.copy() for view in self._outputs]
        finally:
            self._lock.release()

    def overdue_s(self) -> float:
        """For how long a reply has been owed; 0 when none is, or somebody is waiting for it."""
        if not self._lock.acquire(blocking=False):
            return 0.0
        try:
            if self._owed_since_s is None or self._settle(0.0):
                return 0.0
            return time.monotonic() - self._owed_since_s
        except LateError:
            return 0.0
        finally:
            self._lock.release()

    def close(self) -> None:
        """The host unloads the model."""
        with self._lock:  # nobody is to wait on a file descriptor that may by then be another's
            self._ours.close()

    def _send(self, request: bytes) -> None:
        try:
            self._ours.send(request)
        except OSError:
            raise GoneError("the host process is gone") from None

    def _settle(self, limit_s: float) -> bool:
        """Take the reply that is owed; False when it does not come in time."""
        try:
            self._ours.settimeout(max(limit_s, 0.0))
            reply = self._ours.recv(MESSAGE_BYTES)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            reply = b""
        if not reply:
            raise GoneError("the host process is gone")
        self._owed_since_s = None
        number, status, _ = REPLY.unpack_from(reply)
        if number != self._number:
            raise DeviceLostError(f"{self.name}: answered request {number}, not {self._number}")
        if status == FAILED:
            raise DeviceLostError(f"{self.name}: {reply[REPLY.size :].decode(errors='replace')}")
        if status == LATE:
            raise LateError(f"{self.name}: the device was busy")
        return True


def layout(tensors: Sequence[Tensor], start: int) -> tuple[list[Slot], int]:
    """Where ``tensors`` lie in an arena from ``start`` on, aligned; and where the next may begin."""
    slots: list[Slot] = []
    for tensor in tensors:
        slots.append((start, tensor.dtype, tensor.shape))
        size = int(np.prod(tensor.shape, dtype=np.int64)) * np.dtype(tensor.dtype).itemsize
        start += -(-max(size, 1) // ALIGNMENT) * ALIGNMENT
    return slots, start

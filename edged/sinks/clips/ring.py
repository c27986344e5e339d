"""Ring: the last of a source's pieces, by their Unix times."""

import threading
from collections import deque
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

JUMP_S = 1.0
"""Times that go back by more mean that the clock was set: what was before does not belong to what follows."""


class Piece(NamedTuple, Generic[T]):
    """Something of a source; Unix times."""

    at_s: float
    until_s: float
    item: T
    size: int


class Ring(Generic[T]):
    """Holds ``length_s`` seconds and ``max_size`` in all, at most. Thread-safe."""

    def __init__(self, length_s: float, max_size: int) -> None:
        self._length_s, self._max_size = length_s, max_size
        self._pieces: deque[Piece[T]] = deque()
        self._size = 0
        self._lock = threading.Lock()
        self.until_s = float("-inf")
        """Everything up to this Unix time has gone by."""

    @property
    def size(self) -> int:
        """Of all pieces together."""
        return self._size

    def passed(self, at_s: float) -> None:
        """The source is there now, with or without a piece."""
        with self._lock:
            if at_s < self.until_s - JUMP_S:
                self._pieces.clear()
                self._size = 0
                self.until_s = at_s
            self.until_s = max(self.until_s, at_s)

    def put(self, piece: Piece[T]) -> None:
        """Add the newest; the oldest go for want of room."""
        self.passed(piece.until_s)
        with self._lock:
            self._pieces.append(piece)
            self._size += piece.size
            while self._pieces and (
                self._size > self._max_size or self._pieces[0].until_s < self.until_s - self._length_s
            ):
                self._size -= self._pieces.popleft().size

    def between(self, from_s: float, until_s: float) -> list[Piece[T]]:
        """The pieces that touch that time, in order."""
        with self._lock:
            return [piece for piece in self._pieces if piece.until_s >= from_s and piece.at_s < until_s]

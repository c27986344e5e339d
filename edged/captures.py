"""Captures: the one reader of each source, however many pipelines listen to it."""

import threading
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from edged.errors import ConfigError, DeviceLostError
from edged.messages.health import State
from edged.messages.sound import Chunk
from edged.messages.vision import Frame
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.capture import Capture
from edged.runtime.health import Health, Part
from edged.settings import Source
from edged.shares import Shares
from edged.sources.camera import Camera, CameraConfig
from edged.sources.files import must_be_readable
from edged.sources.input_check import InputCheck
from edged.sources.microphone import Microphone, MicrophoneConfig
from edged.sources.picture_check import PictureCheck
from edged.sources.recording import Recording

QUEUE_CHUNKS = 200
"""Sound that may wait for a pipeline: 10 s at the usual 50 ms a chunk."""
POLL_S = 0.5
BLIND_S = 10.0
"""Whoever watches a camera is told after so long that it gives nothing: the time to open it anew and then some."""
STOP_LIMIT_S = 1.0


def file_of(config: Source) -> Path | None:
    """That a source reads; None: it is a device or a stream."""
    if isinstance(config, MicrophoneConfig):
        return None
    return config.file if isinstance(config, CameraConfig) else config.path


class Captures:
    """Each is opened for the first who listens to it and closed after the last. Thread-safe."""

    def __init__(self, sources: Mapping[str, Source], health: Health) -> None:
        self._sources, self._health = sources, health
        self._captures: dict[str, Capture[Any]] = {}
        self.shares = Shares()
        """Who looks through which camera, and how much of what it gives they take."""
        self._started = False
        self._changing = threading.Lock()

    def sound(self, name: str) -> BoundedQueue[Chunk]:
        """What source ``name`` hears from now on; it may wait a while, and a hole in it is marked."""
        return self._join(name, QUEUE_CHUNKS, mark_gap=lambda chunk: replace(chunk, gap=True))

    def pictures(self, name: str, kind: str | None = None) -> BoundedQueue[Frame]:
        """What source ``name`` sees from now on: always the latest frame.

        ``kind``: of the pipeline that looks, which has its share; None: somebody who gets whatever those have decoded.
        """
        queue: BoundedQueue[Frame] = self._join(name, 1, counter="skipped")
        if kind is not None:
            self.shares.add(queue, name, kind)
        return queue

    def watch(self, name: str, blind_s: float = BLIND_S) -> Generator[Frame | None, None, None]:
        """What camera ``name`` sees while somebody asks: the latest frame each time, None where none came of late.

        ConfigError where there is no such camera, or no pipeline that looks through it; DeviceLostError where none came
        for ``blind_s``, or none will: the camera has ended, or edged stops.
        """
        cameras = [each for each in tuple(self._captures) if isinstance(self._sources[each], CameraConfig)]
        if name not in cameras:
            raise ConfigError(f"{name}: is no camera in use; there are: {', '.join(cameras) or 'none'}")
        queue, waited_s = self.pictures(name), 0.0
        try:
            for frame in queue.poll(POLL_S):
                waited_s = 0.0 if frame is not None else waited_s + POLL_S
                if waited_s >= blind_s:
                    why = "; ".join(self._health.part(f"sources.{name}").snapshot().reasons)
                    raise DeviceLostError(f"source {name}: gave no picture for {waited_s:g} s: {why or 'see health'}")
                yield frame
            raise DeviceLostError(f"source {name}: has ended, or edged stops")
        finally:
            self.leave(name, queue)

    def calibration_db(self, name: str) -> float | None:
        """Sound pressure level, dB, that source ``name`` gives as 0 dBFS; None where nobody has measured it."""
        source = self._sources[name]
        return None if isinstance(source, CameraConfig) else source.calibration_db

    def leave(self, name: str, queue: BoundedQueue[Any]) -> None:
        """No more for that queue. A source that nobody listens to any longer is closed."""
        self.shares.remove(queue)
        with self._changing:
            capture = self._captures.get(name)
            if capture is None or not capture.unsubscribe(queue) or capture.wanted:
                return
            del self._captures[name]
        capture.stop(STOP_LIMIT_S if self._started else 0.0)
        part = self._health.part(f"sources.{name}")
        if self._started and part.state is not State.OFF:  # neither has it come to its own end, nor do all stop
            part.set(State.OFF, "nobody listens to it")

    def use(self, sources: Mapping[str, Source]) -> list[str]:
        """From now on these are the sources; whoever still listens to one that has changed comes to an end.

        Returns the names of those that are there no longer. RecordingError where one is a file that cannot be read:
        then all stay as they were, as a source that can never come would end.
        """
        for name, config in sources.items():
            file = file_of(config)
            if file is not None and self._sources.get(name) != config:
                must_be_readable(file)
        with self._changing:
            before, self._sources = self._sources, dict(sources)
            changed = [name for name, config in before.items() if sources.get(name) != config]
            over = [self._captures.pop(name) for name in changed if name in self._captures]
        for capture in over:
            capture.stop(STOP_LIMIT_S)
        gone = [name for name in changed if name not in sources]
        for name in gone:
            self._health.remove(f"sources.{name}")
        return gone

    @property
    def running(self) -> bool:
        """False once every source has ended for good."""
        return any(capture.running for capture in tuple(self._captures.values()))

    def start(self, stack: ExitStack) -> None:
        """Begin to read; ``stack`` stops it."""
        with self._changing:
            self._started = True
            for capture in self._captures.values():
                capture.start()
        stack.callback(self._stop)

    def check(self) -> list[str]:
        """Called every second: notice a read that does not return. The sources that only a new process can open."""
        captures = dict(self._captures)
        for capture in captures.values():
            capture.check()
        return [name for name, capture in captures.items() if capture.stuck]

    def _stop(self) -> None:
        """All at once, within one limit."""
        self._started = False
        captures, until_s = tuple(self._captures.values()), time.monotonic() + STOP_LIMIT_S
        for capture in captures:
            capture.end()
        for capture in captures:
            capture.stop(max(0.0, until_s - time.monotonic()))

    def _join(self, name: str, capacity: int, **how: Any) -> BoundedQueue[Any]:
        """A place among those who listen to source ``name``; the first one has it opened."""
        with self._changing:
            is_new = name not in self._captures
            if is_new:
                self._captures[name] = self._make(name, self._sources[name], self._health.part(f"sources.{name}"))
            queue = self._captures[name].subscribe(capacity, **how)
            if is_new and self._started:
                self._captures[name].start()
            return queue

    def _make(self, name: str, config: Source, health: Part) -> Capture[Any]:
        if isinstance(config, CameraConfig):
            check = PictureCheck(config.check, health, regions=config.regions, live=config.live)
            camera = Camera(config, partial(self.shares.of_camera, name), partial(health.count, "shed"))
            return Capture(name, camera, health, check, config.opening_s)
        source = Microphone(config) if isinstance(config, MicrophoneConfig) else Recording(config)
        return Capture(name, source, health, InputCheck(config.check, health))

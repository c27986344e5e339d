"""Captures: the one reader of each source, however many pipelines listen to it."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from edged.errors import ConfigError, DeviceLostError
from edged.messages.sound import Chunk
from edged.messages.vision import Frame
from edged.runtime.bounded_queue import BoundedQueue
from edged.runtime.capture import Capture
from edged.runtime.health import Health, Part
from edged.settings import Source
from edged.sources.camera import Camera, CameraConfig
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


class Captures:
    """Made when first asked for; all are started and stopped together."""

    def __init__(self, sources: Mapping[str, Source], health: Health) -> None:
        self._sources, self._health = sources, health
        self._captures: dict[str, Capture[Any]] = {}

    def sound(self, name: str) -> BoundedQueue[Chunk]:
        """What source ``name`` hears from now on; it may wait a while, and a hole in it is marked."""
        queue: BoundedQueue[Chunk] = self._capture(name).subscribe(
            QUEUE_CHUNKS, mark_gap=lambda chunk: replace(chunk, gap=True)
        )
        return queue

    def pictures(self, name: str) -> BoundedQueue[Frame]:
        """What source ``name`` sees from now on: always the latest frame."""
        queue: BoundedQueue[Frame] = self._capture(name).subscribe(1, counter="skipped")
        return queue

    def watch(self, name: str, blind_s: float = BLIND_S) -> Generator[Frame | None, None, None]:
        """What camera ``name`` sees while somebody asks: the latest frame each time, None where none came of late.

        ConfigError where there is no such camera, or no pipeline that looks through it; DeviceLostError where none came
        for ``blind_s``, or none will: the camera has ended, or edged stops.
        """
        if name not in self._captures or not isinstance(self._sources[name], CameraConfig):
            cameras = [each for each in self._captures if isinstance(self._sources[each], CameraConfig)]
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
            self._captures[name].unsubscribe(queue)

    @property
    def names(self) -> list[str]:
        """The sources that somebody listens to."""
        return list(self._captures)

    @property
    def running(self) -> bool:
        """False once every source has ended for good."""
        return any(capture.running for capture in self._captures.values())

    def start(self, stack: ExitStack) -> None:
        """Begin to read; ``stack`` stops it."""
        for capture in self._captures.values():
            capture.start()
            stack.callback(capture.stop, STOP_LIMIT_S)

    def check(self) -> None:
        """Called every second: notice a read that does not return."""
        for capture in self._captures.values():
            capture.check()

    def _capture(self, name: str) -> Capture[Any]:
        if name not in self._captures:
            self._captures[name] = _make(name, self._sources[name], self._health.part(f"sources.{name}"))
        return self._captures[name]


def _make(name: str, config: Source, health: Part) -> Capture[Any]:
    if isinstance(config, CameraConfig):
        check = PictureCheck(config.check, health, regions=config.regions, live=config.live)
        return Capture(name, Camera(config), health, check, config.opening_s)
    source = Microphone(config) if isinstance(config, MicrophoneConfig) else Recording(config)
    return Capture(name, source, health, InputCheck(config.check, health))

"""``edged run`` with a second pipeline, ``faulty``, that does what stands in a file: ``raise``, ``hang`` or nothing.

With ``hang everything`` the outbox hangs as well. Usage: python -m tests.system.faulty_box CONFIG FILE
"""

import faulthandler
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from edged.changes import Changes, changes_path
from edged.daemon import Daemon
from edged.messages.sound import Chunk
from edged.messages.wire import EventMessage
from edged.pipelines.drones import heard_until_s
from edged.pipelines_in_use import Built
from edged.runtime import logs
from edged.runtime.flow import Flow
from edged.runtime.watchdog import Pulse
from edged.settings import PipelineConfig, read_settings

STUCK_S = 1.0
"""For one item, so that tests need not wait for long."""


class Misbehave:
    """A stage."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self, _: Chunk) -> Iterator[Chunk]:
        told = self._file.read_text()
        if told == "raise":
            raise ValueError("a bad chunk")
        if told.startswith("hang"):
            self.hang_for_ever()
        yield from ()

    def follow(self, _: EventMessage) -> None:
        """As a follower of the outbox."""
        if self._file.read_text() == "hang everything":
            self.hang_for_ever()

    @staticmethod
    def hang_for_ever() -> None:
        logging.getLogger("tests").warning("hangs", extra={"who": threading.current_thread().name})
        threading.Event().wait()


class FaultyBox(Daemon):
    """A whole box, but for what pipeline ``faulty`` is made of."""

    def __init__(self, config: Path, file: Path) -> None:
        settings, changes = read_settings(config), Changes(changes_path())
        logs.set_up(settings.log)
        self._misbehave = Misbehave(file)
        super().__init__(settings, sys.stdout, lambda: read_settings(config), changes)
        self._sinks.outbox.follow(self._misbehave.follow)

    def _build(self, name: str, config: PipelineConfig, stack: ExitStack) -> Built:
        if name != "faulty":
            return super()._build(name, config, stack)
        sound, health = self._captures.sound(config.source), self._health.part(f"pipelines.{name}")
        pipeline = Flow.start(name, sound, heard_until_s).then(self._misbehave).into(health=health)
        pipeline.pulse = Pulse(STUCK_S)
        return Built(pipeline, lambda: self._captures.leave(config.source, sound), sound.__len__)


if __name__ == "__main__":
    faulthandler.enable()
    box = FaultyBox(Path(sys.argv[1]), Path(sys.argv[2]))
    box.obey_signals()
    sys.exit(box.run())

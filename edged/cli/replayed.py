"""One recording, run through one pipeline."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

from edged.errors import EdgedError
from edged.inference.model import Model
from edged.messages.event import Event, Phase
from edged.messages.sound import Chunk, ScoredWindow
from edged.pipelines.drones import DronesConfig, drones
from edged.runtime.health import Health
from edged.sources.input_check import InputCheck, InputCheckConfig
from edged.sources.recording import Recording, RecordingConfig


@dataclass
class Replayed:
    """What a pipeline makes of a recording; ``on_event`` and ``on_progress`` are told as it goes."""

    path: Path
    pipeline: str
    on_event: Callable[["Replayed", Event], None]
    on_progress: Callable[[float], None]
    keep_scores: bool = False
    duration_s: float = 0.0
    events: list[Event] = field(default_factory=list)
    """One an event: its end, with ``observed_s`` of its start."""
    scores: list[ScoredWindow] = field(default_factory=list)
    conditions: set[str] = field(default_factory=set)
    """What was wrong with the sound, such as ``silent``."""

    def run(self, config: DronesConfig, model: Model, *, realtime: bool) -> None:
        """Run it all; RecordingError where the file cannot be read to its end (what came before counts)."""
        health = Health()
        part = health.part(self.pipeline)
        chunks = self._chunks(realtime=realtime)
        pipeline = drones(self.pipeline, config, chunks, model, part, self._collect, onlooker=self._look)
        self._observed_s: dict[str, float] = {}
        try:
            pipeline.run()
        except EdgedError:
            pipeline.finish()
            raise
        if faults := part.snapshot().counters.get("faults"):
            raise EdgedError(f"{self.path}: {faults:.0f} stretches of sound were lost to errors, see above")

    def _chunks(self, *, realtime: bool) -> Generator[Chunk, None, None]:
        source = Health().part("source")
        check = InputCheck(InputCheckConfig(), source)
        config = RecordingConfig(path=self.path, realtime=realtime, chunk_s=0.1 if realtime else 1.0)
        for chunk in Recording(config):
            self.duration_s = chunk.span.end_s
            self.on_progress(self.duration_s)
            yield check(chunk)
            self.conditions.update(reason.partition(" for ")[0] for reason in source.snapshot().reasons)

    def _look(self, window: ScoredWindow) -> None:
        if self.keep_scores:
            self.scores.append(window)

    def _collect(self, event: Event) -> None:
        if event.phase is Phase.START:
            self._observed_s[event.id] = event.observed_s
        elif event.phase is Phase.END:
            whole = replace(event, observed_s=self._observed_s.pop(event.id))
            self.events.append(whole)
            self.on_event(self, whole)

"""What one pipeline made of one file, and how it was made of a recording."""

from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from edged.cli.replayed_needs import Workshop
from edged.errors import EdgedError
from edged.messages.event import Event, Phase
from edged.messages.sound import Chunk, ScoredWindow
from edged.runtime.health import Health
from edged.settings import PipelineConfig
from edged.sources.input_check import InputCheck, InputCheckConfig
from edged.sources.recording import Recording, RecordingConfig


@dataclass
class Replayed:
    """What a pipeline makes of a file; ``on_event`` is told as it goes."""

    path: Path
    pipeline: str
    on_event: Callable[["Replayed", Event], None]
    on_progress: Callable[[float], object] = lambda _: None
    keep_scores: bool = False
    duration_s: float = 0.0
    """Of what was replayed."""
    frames: int = 0
    """That were looked at; 0 of sound."""
    events: list[Event] = field(default_factory=list)
    """One an event: its end, with ``observed_s`` of its start."""
    scores: list[ScoredWindow] = field(default_factory=list)
    conditions: set[str] = field(default_factory=set)
    """What was wrong with the sound, such as ``silent``."""

    def __post_init__(self) -> None:
        self._observed_s: dict[str, float] = {}

    def listen(self, config: PipelineConfig, workshop: Workshop, *, realtime: bool) -> None:
        """Run all its sound; RecordingError where the file cannot be read to its end (what came before counts)."""
        with ExitStack() as stack:
            chunks = self._chunks(realtime=realtime)
            pipeline, health = workshop.build(
                self.pipeline, config, chunks, self.collect, stack=stack, onlooker=self._look
            )
            try:
                pipeline.run()
            except EdgedError:
                pipeline.finish()
                raise
        if faults := health.snapshot().counters.get("faults"):
            raise EdgedError(f"{self.path}: {faults:.0f} stretches of sound were lost to errors, see above")

    def collect(self, event: Event) -> None:
        """A sink."""
        if event.phase is Phase.START:
            self._observed_s[event.id] = event.observed_s
        elif event.phase is Phase.END:
            whole = replace(event, observed_s=self._observed_s.pop(event.id))
            self.events.append(whole)
            self.on_event(self, whole)

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

"""A film, run through all pipelines that look, frame by frame side by side: so what they say can be drawn together."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edged.annotation.annotated import annotate, annotated_film
from edged.annotation.film import Film
from edged.annotation.notes import Notes
from edged.annotation.outlines import Outline, outlines_of
from edged.cli.replayed import Replayed
from edged.cli.replayed_needs import Workshop
from edged.errors import EdgedError, RecordingError
from edged.messages.event import Event
from edged.messages.vision import Frame, Picture
from edged.runtime.faults import described
from edged.runtime.flow import FAULTS_IN_A_ROW, Pipeline
from edged.settings import PipelineConfig
from edged.sources.files import shown


@dataclass
class _Lane:
    """One pipeline; its events wait until all are through with a frame, so that their order is always the same."""

    pipeline: Pipeline
    replayed: Replayed
    notes: Notes
    told: list[Event]
    lost: int = 0
    """Frames, to errors..."""
    in_a_row: int = 0
    """...and of these since the last one that was not..."""
    first: str = ""
    """...and the first error."""

    def feed(self, frame: Frame) -> None:
        """On a thread of its own."""
        self.notes.next_frame()
        try:
            self.pipeline.feed(frame)
        except Exception as fault:  # a stage's bug costs the frame, not the film
            self.lost, self.in_a_row = self.lost + 1, self.in_a_row + 1
            self.first = self.first or described(fault)
            if self.in_a_row >= FAULTS_IN_A_ROW:
                raise
        else:
            self.in_a_row = 0

    def hand_on(self) -> None:
        """Its events."""
        for event in self.told:
            self.replayed.collect(event)
        self.told.clear()


class Screening:
    """Of one film."""

    def __init__(self, film: Film, replayed: Mapping[str, Replayed], on_progress: Callable[[float], object]) -> None:
        """``replayed`` collects what each pipeline says, by its name."""
        self._film, self._replayed, self._on_progress = film, replayed, on_progress
        self._lanes: list[_Lane] = []
        self._outlines: list[Outline] = []
        self.took_s = 0.0

    def run(
        self,
        configs: Mapping[str, PipelineConfig],
        workshop: Workshop,
        annotated: Path | None = None,
        *,
        realtime: bool = False,
    ) -> None:
        """Look at every frame; with ``annotated``, write the film with what is seen drawn into it.

        RecordingError where it cannot be read to its end: what came before counts, and is written.
        """
        with ExitStack() as stack:
            self._lanes = [self._build(name, config, workshop, stack) for name, config in configs.items()]
            self._outlines = [one for name, it in configs.items() for one in outlines_of(it, f"{name}: ")]
            write = stack.enter_context(annotated_film(annotated, self._film.fps)) if annotated else None
            began_s = time.monotonic()
            cut_off = self._look_at_all(write, realtime=realtime)
            self.took_s = time.monotonic() - began_s
        if cut_off:
            raise cut_off
        if broken := next((lane for lane in self._lanes if lane.lost), None):
            told = f"{broken.lost} frames were lost to {broken.pipeline.name}'s errors, first {broken.first}"
            raise EdgedError(f"{shown(self._film.path)}: {told}")

    def _build(self, name: str, config: PipelineConfig, workshop: Workshop, stack: ExitStack) -> _Lane:
        notes, told = Notes(name), list[Event]()
        pipeline, _ = workshop.build(name, config, (), told.append, notes.tell, stack=stack)
        pipeline.onlooker = notes.look
        return _Lane(pipeline, self._replayed[name], notes, told)

    def _look_at_all(self, write: Callable[[Picture, float], None] | None, *, realtime: bool) -> RecordingError | None:
        """What broke it off, if anything did."""
        notes, broken = [lane.notes for lane in self._lanes], None
        with ThreadPoolExecutor(len(self._lanes)) as threads:
            try:
                for frame in self._film.frames(realtime=realtime):
                    list(threads.map(partial(_feed, frame), self._lanes))
                    self._hand_on(frame)
                    if write is not None:
                        write(annotate(frame, notes, self._outlines), frame.at_s)
                    self._on_progress(frame.at_s)
            except RecordingError as error:
                broken = error
        for lane in self._lanes:
            lane.pipeline.finish()
            lane.hand_on()
        return broken

    def _hand_on(self, frame: Frame) -> None:
        for lane in self._lanes:
            lane.replayed.frames += 1
            lane.replayed.duration_s = frame.at_s + 1 / self._film.fps
            lane.hand_on()


def _feed(frame: Frame, lane: _Lane) -> None:
    lane.feed(frame)

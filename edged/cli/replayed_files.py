"""The files of a replay, one after the other: what each of them is, and which pipelines it is for."""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edged.annotation.film import Film
from edged.cli.event_writers import Write
from edged.cli.replayed import Replayed
from edged.cli.replayed_film import Screening
from edged.cli.replayed_needs import Workshop
from edged.cli.terminal import complain
from edged.errors import ConfigError, EdgedError, RecordingError
from edged.settings import PipelineConfig
from edged.sources.files import is_utf8, must_be_readable, shown
from edged.sources.recording import duration_s, read_frames

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


REMEDY = "`--pipeline NAME` runs one that is off"


@dataclass
class Files:
    """What becomes of them."""

    options: argparse.Namespace
    pipelines: Mapping[str, PipelineConfig]
    workshop: Workshop
    write: Write
    bar: "Progress"
    replayed: list[Replayed] = field(default_factory=list)
    failed: set[Path] = field(default_factory=set)
    """Those that could not be read (to their end)."""
    looking_s: float = 0.0
    """How long it took to look at the films."""

    def replay(self, path: Path) -> None:
        """One of them. What is wrong with it is a line on standard error."""
        with self._complaining(path):
            film = film_of(path)
            looking = {name: config for name, config in self.pipelines.items() if config.LOOKS}
            hearing = {name: config for name, config in self.pipelines.items() if not config.LOOKS}
            if film is not None and looking:
                with self._complaining(path):
                    self._look(film, looking)
            if film is None or (hearing and has_sound(path)):
                self._listen(path, hearing)
            elif not looking:
                raise EdgedError(f"{shown(path)}: is a film without sound, and no pipeline that looks is on; {REMEDY}")

    def _look(self, film: Film, configs: Mapping[str, PipelineConfig]) -> None:
        """Through all of them at once."""
        new = {name: self._new(film.path, name) for name in configs}
        with self._progress(film.path, film.duration_s) as task:
            screening = Screening(film, new, partial(self._advance, task))
            self.replayed += new.values()
            target = annotated_path(film.path, self.options.annotate)
            try:
                screening.run(configs, self.workshop, target, realtime=self.options.speed == "1")
            finally:
                self.looking_s += screening.took_s

    def _listen(self, path: Path, configs: Mapping[str, PipelineConfig]) -> None:
        """Through one after the other."""
        if not configs:
            raise EdgedError(f"{shown(path)}: is sound, and no pipeline that listens is on; {REMEDY}")
        for name, config in configs.items():
            with self._complaining(path), self._progress(path, duration_s(path)) as task:
                one = self._new(path, name)
                one.on_progress = partial(self._advance, task)
                self.replayed.append(one)
                one.listen(config, self.workshop, realtime=self.options.speed == "1")

    def _new(self, path: Path, pipeline: str) -> Replayed:
        keep_scores = bool(self.options.report)
        return Replayed(path, pipeline, lambda it, event: self.write(it.path, event), keep_scores=keep_scores)

    @contextmanager
    def _complaining(self, path: Path) -> Iterator[None]:
        """What goes wrong with a file does not stop the others; what is wrong with the configuration does."""
        try:
            yield
        except EdgedError as error:
            if error.exit_code == EdgedError.exit_code:
                complain(error)
                self.failed.add(path)
            else:
                raise

    @contextmanager
    def _progress(self, path: Path, total_s: float | None) -> "Iterator[TaskID]":
        task = self.bar.add_task(path.name, total=total_s)
        try:
            yield task
        finally:
            self.bar.remove_task(task)

    def _advance(self, task: "TaskID", done_s: float) -> None:
        self.bar.update(task, completed=done_s)


def film_of(path: Path) -> Film | None:
    """The film that a file is; None where it is sound. RecordingError where it is neither, or cannot be read."""
    must_be_readable(path)
    if duration_s(path) is not None:  # sound with a picture on its cover is none
        return None
    if not is_utf8(path):
        complain(f"{shown(path)}: its name is not UTF-8: it can only be listened to; rename it")
        return None
    try:
        return Film(path)
    except RecordingError as error:
        if has_sound(path):
            return None
        known = "libsndfile or ffmpeg" if shutil.which("ffmpeg") else "libsndfile (ffmpeg is not installed)"
        raise RecordingError(f"{error}, and no sound that {known} can") from None


def has_sound(path: Path) -> bool:
    """Whether any can be read."""
    with suppress(RecordingError):
        return next(read_frames(path, 0.1), None) is not None
    return False


def annotated_path(film: Path, annotate: Path | None) -> Path | None:
    """Where it is to be written: into a folder, under the film's own name."""
    return annotate / f"{film.name}.mp4" if annotate is not None and annotate.is_dir() else annotate


def check_annotated(files: Sequence[Path], annotate: Path) -> None:
    """ConfigError where films that are written would take the place of one another, or of those that are read."""
    if not is_utf8(annotate):
        raise ConfigError(f"--annotate {shown(annotate)}: must be a name in UTF-8")
    if not annotate.is_dir():
        if len(files) > 1:
            raise ConfigError(f"--annotate {annotate}: several files need an existing folder; name one")
        if annotate.suffix.lower() != ".mp4":
            raise ConfigError(f"--annotate {annotate}: must end in .mp4, or be an existing folder")
    targets = Counter(annotated_path(path, annotate) for path in dict.fromkeys(files))
    for target, count in targets.items():
        if count > 1:
            raise ConfigError(f"--annotate {annotate}: several of the files would be {target}; replay them one by one")
        if any(target is not None and target.resolve() == path.resolve() for path in files):
            raise ConfigError(f"--annotate {annotate}: {target} is one of the films itself; name another place")

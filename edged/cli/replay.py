"""``edged replay``: what edged would have said of these recordings. Through exactly the same stages as live sound."""

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli.arguments import add_config
from edged.cli.terminal import complain, progress
from edged.errors import ConfigError, EdgedError

if TYPE_CHECKING:
    from rich.progress import Progress

    from edged.cli.event_writers import Write
    from edged.cli.replayed import Replayed
    from edged.settings import Settings


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "replay",
        help="run recordings through the pipelines",
        description="Print the events in recordings: WAV, FLAC, OGG, MP3 and, with ffmpeg there, more. "
        "Times are seconds of the recording. A file that cannot be read is one line on standard error; the others go "
        "on, and the exit status is 1.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a recording")
    add_config(parser)
    parser.add_argument("--pipeline", metavar="NAME", help="only this pipeline of the configuration")
    parser.add_argument("--output", choices=("jsonl", "csv", "audacity"), default="jsonl", help="default: jsonl")
    parser.add_argument("--out", type=Path, metavar="PATH", help="a file for the events, or a folder for label files")
    parser.add_argument("--speed", choices=("max", "1"), default="max", help="as fast as possible, or at its own pace")
    parser.add_argument("--report", type=Path, metavar="HTML", help="write a page with spectrograms, scores and events")


def run(options: argparse.Namespace) -> int:
    """Replay every file through every pipeline that is wanted."""
    from edged.cli.event_writers import event_writer
    from edged.settings import read_settings

    settings = read_settings(options.config)
    if options.output == "audacity" and len(options.files) > 1 and not (options.out and options.out.is_dir()):
        raise ConfigError("--output audacity: several files need an existing folder; name it with --out")
    began_s = time.monotonic()
    with event_writer(options.output, options.out) as write, progress() as bar:
        replayed, failed = _replay_all(options, settings, write, bar)
    if options.report:
        from edged.cli.replay_report import write_report

        write_report(options.report, replayed)
    _summarise(replayed, failed, time.monotonic() - began_s)
    return 1 if failed else 0


def _replay_all(
    options: argparse.Namespace, settings: "Settings", write: "Write", bar: "Progress"
) -> tuple[list["Replayed"], int]:
    """What was replayed, and how many files could not be read (to their end)."""
    from edged.cli.replayed import Replayed
    from edged.inference.catalogue import Catalogue
    from edged.sources.recording import duration_s

    pipelines = _wanted(settings, options.pipeline)
    catalogue = Catalogue(settings.models)
    models = {config.model: catalogue.load(config.model) for config in pipelines.values()}
    replayed: list[Replayed] = []
    failed: set[Path] = set()
    for path in options.files:
        for name, config in pipelines.items():
            task = bar.add_task(path.name, total=duration_s(path))
            advance = partial(_advance, bar, task)
            one = Replayed(path, name, lambda it, event: write(it.path, event), advance, bool(options.report))
            try:
                one.run(config, models[config.model], realtime=options.speed == "1")
            except EdgedError as error:
                complain(error)
                failed.add(path)
            bar.remove_task(task)
            replayed.append(one)
    return replayed, len(failed)


def _advance(bar: "Progress", task: Any, done_s: float) -> None:
    bar.update(task, completed=done_s)


def _wanted(settings: "Settings", name: str | None) -> dict[str, Any]:
    """The pipelines of sound to run; ConfigError where there is none of that name."""
    from edged.pipelines.drones import DronesConfig

    hearing = {name: config for name, config in settings.pipelines.items() if isinstance(config, DronesConfig)}
    known = ", ".join(hearing) or "none"
    if name is None:
        if wanted := {name: config for name, config in hearing.items() if config.enabled}:
            return wanted
        raise ConfigError(f"pipelines: no pipeline of sound is on (of: {known}); --pipeline NAME runs one that is off")
    if name not in hearing:
        raise ConfigError(f"--pipeline {name}: must be one of the configuration's pipelines of sound: {known}")
    return {name: hearing[name]}


def _summarise(replayed: list["Replayed"], failed: int, took_s: float) -> None:
    """One line for a person: how much sound, how fast, what was found; and what was wrong with the sound."""
    for one in replayed:
        if one.conditions:
            complain(f"{one.path}: the sound is {', '.join(sorted(one.conditions))} in places")
    sound_s = sum(one.duration_s for one in replayed)
    events = sum(len(one.events) for one in replayed)
    files = len({one.path for one in replayed})
    speed = f"{sound_s / took_s:.0f} x real time" if took_s > 0 else ""
    unread = f", {failed} with errors" if failed else ""
    sys.stderr.write(f"{files} files{unread}, {sound_s:.1f} s of sound in {took_s:.1f} s ({speed}), {events} events\n")

"""``edged replay``: what edged would have said of these recordings and films. Through the same stages as live."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli.arguments import add_config
from edged.cli.terminal import complain, progress
from edged.errors import ConfigError

if TYPE_CHECKING:
    from edged.cli.replayed import Replayed
    from edged.cli.replayed_files import Files
    from edged.settings import PipelineConfig, Settings


def add_parser(commands: Any) -> None:
    """Add this command's arguments."""
    parser = commands.add_parser(
        "replay",
        help="run recordings and films through the pipelines",
        description="Print the events in recordings (WAV, FLAC, OGG, MP3 and, with ffmpeg there, more) and in films "
        "(whatever OpenCV reads), the latter with every frame, as they are: a camera's crop, turn and regions are not "
        "applied. Times are seconds of the file. People are looked up in the box's gallery, which is only read. A "
        "file that cannot be read is one line on standard error; the others go on, and the exit status is 1.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a recording or a film")
    add_config(parser)
    parser.add_argument("--pipeline", metavar="NAME", help="only this pipeline of the configuration")
    parser.add_argument("--output", choices=("jsonl", "csv", "audacity"), default="jsonl", help="default: jsonl")
    parser.add_argument("--out", type=Path, metavar="PATH", help="a file for the events, or a folder for label files")
    parser.add_argument("--speed", choices=("max", "1"), default="max", help="as fast as possible, or at its own pace")
    parser.add_argument("--report", type=Path, metavar="HTML", help="write a page with spectrograms, scores and events")
    parser.add_argument(
        "--annotate",
        type=Path,
        metavar="MP4",
        help="write the film, without its sound, with what was seen, zones and masks drawn into it; of several films, "
        "into a folder. It is MPEG-4 as players have it; browsers ask for H.264",
    )


def run(options: argparse.Namespace) -> int:
    """Replay every file through every pipeline that is wanted and fits it."""
    from edged.cli.event_writers import event_writer
    from edged.cli.replayed_files import Files
    from edged.cli.replayed_needs import Workshop
    from edged.settings import read_settings

    settings = read_settings(options.config)
    _check(options)
    began_s = time.monotonic()
    with event_writer(options.output, options.out) as write, progress() as bar:
        files = Files(options, _wanted(settings, options.pipeline), Workshop(settings), write, bar)
        for path in options.files:
            files.replay(path)
    if options.annotate and not any(one.frames for one in files.replayed):
        complain(f"--annotate {options.annotate}: no film was looked at; nothing was written")
    if options.report:
        _report(options.report, files.replayed)
    _summarise(files, time.monotonic() - began_s)
    return 1 if files.failed else 0


def _check(options: argparse.Namespace) -> None:
    """ConfigError where results would overwrite one another, or the films themselves."""
    from edged.cli.replayed_files import check_annotated

    several = len(options.files) > 1
    if options.output == "audacity" and several and not (options.out and options.out.is_dir()):
        raise ConfigError("--output audacity: several files need an existing folder; name it with --out")
    if options.annotate:
        check_annotated(options.files, options.annotate)


def _wanted(settings: "Settings", name: str | None) -> "dict[str, PipelineConfig]":
    """The pipelines to run; ConfigError where there is none of that name."""
    known = ", ".join(settings.pipelines) or "none"
    if name is None:
        if wanted := {name: config for name, config in settings.pipelines.items() if config.enabled}:
            return wanted
        raise ConfigError(f"pipelines: none is on (of: {known}); --pipeline NAME runs one that is off")
    if name not in settings.pipelines:
        raise ConfigError(f"--pipeline {name}: must be one of the configuration's pipelines: {known}")
    return {name: settings.pipelines[name]}


def _report(page: Path, replayed: "Sequence[Replayed]") -> None:
    from edged.cli.replay_report import write_report

    heard = [one for one in replayed if not one.frames]
    if len(heard) < len(replayed):
        complain(f"--report {page}: shows sound alone; --annotate draws into films")
    write_report(page, heard)


def _summarise(files: "Files", took_s: float) -> None:
    """One line for a person: how much it was, how fast, what was found; and what was wrong with the sound."""
    from edged.report_page.words import counted

    replayed = files.replayed
    for one in replayed:
        if one.conditions:
            complain(f"{one.path}: the sound is {', '.join(sorted(one.conditions))} in places")
    sound_s = sum({one.path: one.duration_s for one in replayed if not one.frames}.values())
    films = {one.path: one for one in replayed if one.frames}.values()
    film_s, frames = sum(one.duration_s for one in films), sum(one.frames for one in films)
    parts = [f"{sound_s:.1f} s of sound"] if sound_s or not films else []
    parts += [f"{film_s:.1f} s of film"] if films else []
    speed = (sound_s + film_s) / took_s
    rates = [f"{speed:.0f} x real time" if speed >= 10 else f"{speed:.1f} x real time"]
    rates += [f"{counted(frames, 'frame')}, {frames / files.looking_s:.1f} frames/s"] if files.looking_s > 0 else []
    failed = f", {len(files.failed)} with errors" if files.failed else ""
    read = counted(len(set(files.options.files)), "file")
    events = counted(sum(len(one.events) for one in replayed), "event")
    sys.stderr.write(f"{read}{failed}, {' and '.join(parts)} in {took_s:.1f} s ({', '.join(rates)}), {events}\n")

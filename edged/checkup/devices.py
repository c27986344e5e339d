"""Check of the sources: whether what the configuration names is there."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from edged.checkup.box import Box
from edged.checkup.side_by_side import each
from edged.checkup.unit import status_of
from edged.errors import DeviceLostError, EdgedError
from edged.inference.checks.device import access_remedy
from edged.messages.health import State
from edged.runtime.finding import Finding, Level
from edged.settings import Source
from edged.sources.camera import CameraConfig
from edged.sources.camera.address import why_not
from edged.sources.microphone import MicrophoneConfig, find_device, input_devices

ANSWER_S = 8.0
"""A camera that has not answered by then is not there."""


def check(box: Box) -> Iterator[Finding]:
    """Each source: one that is lost is a fault even where edged would find it again."""
    sources = box.settings.sources
    yield from each(
        lambda source: [_source(*source)], {name: (name, it, box) for name, it in sources.items()}, ANSWER_S
    )


def _source(name: str, source: Source, box: Box) -> Finding:
    about = f"sources.{name}"
    if isinstance(source, MicrophoneConfig):
        return _microphone(about, source, box)
    if not isinstance(source, CameraConfig):
        return _file(about, source.path)
    if source.file is not None:
        return _file(about, source.file)
    return _stream(about, source) if source.url else _video(about, source, box)


def _microphone(about: str, source: MicrophoneConfig, box: Box) -> Finding:
    try:
        device = find_device(source.device, input_devices())
    except DeviceLostError as lost:
        if _heard(about, box):  # ALSA does not list a device that another program has open
            return Finding(Level.OK, about, "is in use by the edged that runs, which hears through it")
        found = str(lost).partition("\n")[0]
        return Finding(Level.FAULT, about, found, f"plug it in, or mend {about}.device: `edged devices` lists them")
    channels, rate_hz = device["max_input_channels"], device["default_samplerate"]
    return Finding(Level.OK, about, f"{device['name']}: is there, {channels} channels, {rate_hz:.0f} Hz")


def _heard(about: str, box: Box) -> bool:
    """Whether a running edged says that it gets something from the source."""
    with suppress(EdgedError):
        parts = (status_of(box) or {}).get("health", {}).get("parts", {})
        return parts.get(about, {}).get("state") in {State.OK, State.DEGRADED}
    return False


def _file(about: str, path: Path) -> Finding:
    if os.access(path, os.R_OK) and path.is_file():
        return Finding(Level.OK, about, f"{path} is there")
    return Finding(Level.FAULT, about, f"{path} is not there, or may not be read", f"mend {about}")


def _video(about: str, source: CameraConfig, box: Box) -> Finding:
    number = str(source.device)
    node = box.root / "dev" / f"video{number}" if number.isdecimal() else Path(number)
    if not node.exists():
        there = ", ".join(sorted(str(path) for path in (box.root / "dev").glob("video*"))) or "none"
        remedy = f"plug it in, or mend {about}.device"
        return Finding(Level.FAULT, about, f"{node} is not there; cameras that are: {there}", remedy)
    if not os.access(node, os.R_OK | os.W_OK):
        found = f"{node} may not be read and written by this user"
        return Finding(Level.WARNING, about, found, access_remedy(node, os.getgroups()))
    return Finding(Level.OK, about, f"{node} is there")


def _stream(about: str, source: CameraConfig) -> Finding:
    """What its host says to a question without credentials: those are for edged itself."""
    url = str(source.url)
    where, said = urlsplit(url).netloc, why_not(url)
    if "cannot be reached" in said:
        return Finding(Level.FAULT, about, f"{where}: {said}", "see to its power and network")
    if "(404)" in said:
        return Finding(Level.FAULT, about, f"{where}: {said}", f"mend {about}.url")
    if "(401)" in said and not source.password_file:
        remedy = f"set {about}.username and {about}.password_file"
        return Finding(Level.FAULT, about, f"{where}: asks for a user name and password", remedy)
    return Finding(Level.OK, about, f"{where}: answers")

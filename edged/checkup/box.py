"""Box: what a check-up looks at, and where its parts are."""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from edged.checkup.faulty import control_of
from edged.config import ConfigFaults, Fault
from edged.control.config import client_paths
from edged.runtime.finding import Finding, Level
from edged.runtime.machine import state_folder
from edged.settings import Settings, find_settings, read_settings

INSTALLED = Path("/etc/edged/edged.yaml")
"""The configuration that the service runs by."""
STATE, CREDENTIALS = "/var/lib/edged", "/run/credentials/edged.service"
"""Where the service has its own folder, and where systemd puts its secrets."""
SERVICE_USER = "edged"


@dataclass(frozen=True, slots=True)
class Box:
    """This box, or one that a test made."""

    settings: Settings = field(default_factory=Settings)
    """Where the configuration is faulty the defaults, but for what can be read of the control socket."""
    file: Path | None = None
    """The configuration; None: there is none, and the defaults count."""
    faults: tuple[Fault, ...] = ()
    """Of the configuration."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    root: Path = Path("/")
    """What stands for /: the system's own files are looked for below it."""

    @property
    def state(self) -> Path:
        """The box's own folder."""
        return state_folder(self.environment, os.getuid())

    @property
    def asked(self) -> str:
        """Which control socket is asked though the configuration is faulty, and that it is; empty where it is not.

        It might be another's than the one that is meant.
        """
        if not self.faults:
            return ""
        unread = any(not fault.key and fault.problem.startswith("cannot be read") for fault in self.faults)
        control = self.settings.control
        which = "the default socket" if control.path is None else "the socket"
        paths = " or ".join(map(str, client_paths(control, self.environment, os.getuid())))
        return f"the configuration {'cannot be read' if unread else 'is faulty'}; asked {which} {paths}"


def look_at(path: Path | None, environment: MutableMapping[str, str] = os.environ) -> Box:
    """The box that ``path`` configures (None: the file that is found); a faulty file is one of its findings.

    Where it is the service's, ``environment`` is given the service's folders too, so that they are looked at, and not
    those of whoever asks.
    """
    file = find_settings(path, environment)
    if file == INSTALLED:
        environment.setdefault("STATE_DIRECTORY", STATE)
        environment.setdefault("CREDENTIALS_DIRECTORY", CREDENTIALS)
    try:
        return Box(read_settings(file, environment), file, environment=environment)
    except ConfigFaults as faults:
        settings = Settings(control=control_of(file, environment))
        return Box(settings, file, tuple(faults.faults), environment)


def from_error(about: str, error: object, level: Level = Level.FAULT) -> Finding:
    """What an error of ours says: after its last semicolon stands the remedy."""
    found, _, remedy = str(error).rpartition("; ")
    return Finding(level, about, found or remedy, remedy if found else "")


def hidden(about: str, path: Path) -> Finding:
    """Something that whoever asks may not read: not a fault of the box."""
    return Finding(Level.WARNING, about, f"{path} may not be read by this user: not checked", "sudo edged doctor")

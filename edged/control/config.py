"""Where the control socket is, and who may use it."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from edged.config import Section
from edged.runtime.machine import state_folder

NAME = "control.sock"
_RUN = Path("/run/edged")


class ControlConfig(Section):
    """The Unix socket through which `edged status`, `edged people` and `edged enroll` reach a running edged."""

    enabled: bool = True
    """When off, nothing can be asked of a running edged."""
    path: Path | None = None
    """The socket; null: `control.sock` in systemd's runtime directory, else in /run/edged for root, else in
    $XDG_RUNTIME_DIR/edged, else in ~/.local/share/edged."""
    group: str = "edged"
    """Besides root and edged's own user, the members of this group may use it."""
    clients: int = Field(4, ge=1, le=32)
    """So many requests are answered at a time; each may hold 8 MiB."""
    request_s: float = Field(10.0, gt=0, le=600)
    """A request must have come within this time, and each line of its answer must have been taken."""


def server_path(config: ControlConfig, environment: Mapping[str, str], user: int) -> Path:
    """Where a daemon of ``user`` (0 is root) has its socket."""
    if config.path is not None:
        return config.path
    if runtime := environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]:
        return Path(runtime) / NAME
    return _RUN / NAME if user == 0 else _own_folder(environment, user) / NAME


def client_paths(config: ControlConfig, environment: Mapping[str, str], user: int) -> tuple[Path, ...]:
    """Where ``user`` looks for a daemon's socket: the box's before their own."""
    if config.path is not None:
        return (config.path,)
    own = () if user == 0 else (_own_folder(environment, user) / NAME,)
    return (_RUN / NAME, *own)


def _own_folder(environment: Mapping[str, str], user: int) -> Path:
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    return Path(runtime) / "edged" if runtime else state_folder(environment, user)

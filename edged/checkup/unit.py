"""Check of the service: whether its unit is the shipped one, whether it runs, and which version of it, and how well."""

import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from edged import __version__
from edged.checkup.box import Box
from edged.checkup.parts import parts_not_well
from edged.control.client import ask, running
from edged.control.protocol import Result
from edged.errors import EdgedError
from edged.runtime.finding import Finding, Level

NAME = "edged.service"
PLACES = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system")
"""Where systemd looks; the first one counts."""
SHOWN = ("ActiveState", "SubState", "Result", "NRestarts", "NeedDaemonReload", "UnitFileState")
MOST_LINES = 3
ASK_S = 3.0
INSTALL = "sudo scripts/install   # of the version that is to run; own settings belong into `systemctl edit edged`"


def check(box: Box) -> Iterator[Finding]:
    """The unit's file, what systemd says of it, and the edged that answers at the control socket."""
    unit = installed_unit(box.root)
    if unit is None:
        yield Finding(Level.OK, "unit", f"{NAME} is not installed: edged is started by hand")
    else:
        yield _drift(unit)
        if drop_ins := sorted(path.name for path in (box.root / PLACES[0] / f"{NAME}.d").glob("*.conf")):
            yield Finding(Level.OK, "unit", f"has settings of its own: {', '.join(drop_ins)}")
        yield from service(systemd_says(box))
    yield from _running(box)


def installed_unit(root: Path) -> Path | None:
    """The unit's file that counts; None where there is none."""
    return next((path for place in PLACES if (path := root / place / NAME).is_file()), None)


def shipped_unit() -> Path:
    """The one that came with this edged: of the source tree, or of the installed package."""
    tree = Path(__file__).resolve().parents[2] / "systemd"
    folder = tree if tree.is_dir() else Path(sysconfig.get_path("data")) / "share" / "edged" / "systemd"
    return folder / NAME


def _drift(unit: Path) -> Finding:
    try:
        mine, shipped = _settings(unit), _settings(shipped_unit())
    except OSError as error:
        return Finding(Level.WARNING, "unit", f"{error.filename}: {error.strerror}", "sudo edged doctor")
    differ = [f"-{line}" for line in shipped if line not in mine] + [f"+{line}" for line in mine if line not in shipped]
    if not differ:
        return Finding(Level.OK, "unit", f"{unit} is as it was shipped")
    more = f" and {len(differ) - MOST_LINES} more" if len(differ) > MOST_LINES else ""
    return Finding(Level.WARNING, "unit", f"{unit} differs: {' '.join(differ[:MOST_LINES])}{more}", INSTALL)


def _settings(unit: Path) -> list[str]:
    lines = (line.strip() for line in unit.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and line[0] not in "#;["]


def systemd_says(box: Box) -> dict[str, str]:
    """Properties of the service; none where systemd does not run."""
    if not (box.root / "run/systemd/system").is_dir() or box.root != Path("/"):
        return {}
    command = ["systemctl", "show", NAME, f"--property={','.join(SHOWN)}"]
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(command, capture_output=True, check=True, text=True, timeout=ASK_S).stdout  # noqa: S603  # no outside word in it
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return {}


def service(says: dict[str, str]) -> Iterator[Finding]:
    """How the service is, by its properties."""
    if not says:
        return
    state = f"{says.get('ActiveState')} ({says.get('SubState')})"
    if says.get("NeedDaemonReload") == "yes":
        yield Finding(
            Level.WARNING, "service", "the unit was changed since systemd read it", "sudo systemctl daemon-reload"
        )
    if says.get("UnitFileState") not in {"enabled", "static", None}:
        found = f"is {says.get('UnitFileState') or 'not enabled'}: it does not start with the box"
        yield Finding(Level.WARNING, "service", found, "sudo systemctl enable edged")
    if says.get("ActiveState") == "active":
        yield Finding(
            Level.OK, "service", f"{state}, started again {says.get('NRestarts', '0')} times since it was started"
        )
    else:
        found = f"is {state}, its last result: {says.get('Result')}"
        yield Finding(Level.FAULT, "service", found, "journalctl -u edged -n 50   # then: sudo systemctl start edged")


def status_of(box: Box) -> dict[str, Any] | None:
    """What a running edged says; None where none runs, EdgedError where it cannot be asked."""
    if not box.settings.control.enabled:
        return None
    path = running(box.settings.control, box.environment)
    if path is None:
        return None
    for answer in ask(path, "status", {}, ASK_S):
        if isinstance(answer, Result) and isinstance(answer.value, dict):
            return answer.value
    return None


def _running(box: Box) -> Iterator[Finding]:
    try:
        said = status_of(box)
    except EdgedError as error:
        yield Finding(Level.WARNING, "running", str(error).partition("\n")[0], "sudo edged doctor")
        return
    if said is None:
        yield _nobody(box)
        return
    yield _version(said, box)
    yield from parts_not_well(said)


def _nobody(box: Box) -> Finding:
    found = "no edged runs, or its control socket is switched off"
    if not box.faults:
        return Finding(Level.OK, "running", found)
    return Finding(Level.WARNING, "running", f"{found}; {box.asked}", "mend the configuration first")


def _version(said: Mapping[str, Any], box: Box) -> Finding:
    version = said.get("info", {}).get("version", "of unknown version")
    asked = f"; {box.asked}" if box.asked else ""
    if version == __version__:
        return Finding(Level.OK, "running", f"edged {version}, as installed{asked}")
    found = f"edged {version} runs, installed is {__version__}{asked}"
    return Finding(Level.WARNING, "running", found, "sudo systemctl restart edged")

"""Boxes to be checked, and what was found on them."""

from edged.checkup.box import Box
from edged.settings import Settings


def a_box(folder, **settings):
    """Its own folder is ``folder``/state, and nothing of this machine is its."""
    return Box(Settings.model_validate(settings), environment={"STATE_DIRECTORY": str(folder / "state")}, root=folder)


def levels(findings):
    """``about: level`` of each."""
    return [f"{finding.about}: {finding.level}" for finding in findings]


def the(findings, about):
    """What was found on that part."""
    return next(finding for finding in findings if finding.about == about)


def everything(folder):
    """Each file and folder with its times, mode and content: what must stay when something is only read."""
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in (folder, *folder.rglob("*"))
        if not path.is_socket()
    }

"""Check of permissions: that secrets are for edged alone, and that edged may use what it needs."""

import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from edged.checkup.box import SERVICE_USER, Box, hidden
from edged.checkup.secret_files import SecretAt, secret_files
from edged.checkup.unit import installed_unit
from edged.inference.edgetpu.plugged import plugged
from edged.runtime.finding import Finding, Level
from edged.sources.camera import CameraConfig
from edged.sources.microphone import MicrophoneConfig


def check(box: Box) -> Iterator[Finding]:
    """Configuration, secrets, the box's own folder, and the groups that open devices."""
    if box.file is not None:
        yield _config(box.file)
    yield from (_secret(secret, box) for secret in secret_files(box.settings))
    yield _state(box.state)
    yield from _groups(box)


def _config(path: Path) -> Finding:
    status = path.stat()
    if status.st_mode & 0o022:
        found = f"{path}: others may change it (mode {status.st_mode & 0o777:04o})"
        return Finding(Level.FAULT, "configuration", found, f"sudo chmod go-w {path}")
    return Finding(Level.OK, "configuration", f"{path} belongs to {_user(status.st_uid)}, nobody else may change it")


def _secret(secret: SecretAt, box: Box) -> Finding:
    try:
        status = secret.path.stat()
    except FileNotFoundError:
        if secret.made:
            return Finding(Level.OK, secret.key, "is not there yet: edged makes it when it first needs it")
        return Finding(Level.FAULT, secret.key, f"{secret.path}: no such file", "write the secret to it, mode 0600")
    except OSError:
        return hidden(secret.key, secret.path)
    credentials = box.environment.get("CREDENTIALS_DIRECTORY", "")
    others = 0o007 if credentials and secret.path.is_relative_to(credentials) else 0o077  # systemd lets in by an ACL
    if status.st_mode & others:
        found = f"{secret.path}: others may read it (mode {status.st_mode & 0o777:04o})"
        return Finding(Level.FAULT, secret.key, found, f"sudo chmod 600 {secret.path}")
    return Finding(Level.OK, secret.key, f"{secret.path} is for {_user(status.st_uid)} alone")


def _state(folder: Path) -> Finding:
    about = "own folder"
    try:
        status = folder.stat()
    except FileNotFoundError:
        return Finding(Level.OK, about, f"{folder} is not there yet: edged makes it")
    except OSError:
        return hidden(about, folder)
    owner = _user(status.st_uid)
    if status.st_mode & 0o022:
        found = f"{folder}: others may write to it (mode {status.st_mode & 0o777:04o})"
        return Finding(Level.FAULT, about, found, f"sudo chmod 700 {folder}")
    wanted = _service_user() if str(folder).startswith("/var/lib/") else _ourselves()
    if wanted is not None and status.st_uid != wanted.pw_uid and os.getuid() != 0:
        return Finding(
            Level.WARNING, about, f"{folder} belongs to {owner}, not to {wanted.pw_name}", "sudo edged doctor"
        )
    if wanted is not None and status.st_uid != wanted.pw_uid and wanted.pw_name == SERVICE_USER:
        remedy = f"sudo chown -R {SERVICE_USER}: {folder}"
        return Finding(Level.FAULT, about, f"{folder} belongs to {owner}: the service cannot write to it", remedy)
    return Finding(Level.OK, about, f"{folder} belongs to {owner}")


def _groups(box: Box) -> Iterator[Finding]:
    """Whether the service's user is in the groups that its devices need; of no service, whoever asks."""
    user = _service_user() or _ourselves()
    if user is None or user.pw_uid == 0:
        return
    groups = {*os.getgrouplist(user.pw_name, user.pw_gid)}
    extra = _supplementary(box)
    for name, why in _needed(box).items():
        try:
            number = grp.getgrnam(name).gr_gid
        except KeyError:
            continue
        if number in groups or name in extra:
            yield Finding(Level.OK, f"group {name}", f"{user.pw_name} is in it, for {why}")
        else:
            remedy = f"sudo usermod -aG {name} {user.pw_name}   # and restart the service, or log in again"
            yield Finding(Level.FAULT, f"group {name}", f"{user.pw_name} is not in it, which {why} needs", remedy)


def _needed(box: Box) -> dict[str, str]:
    """Group and what for, as far as the box has such devices."""
    sources = box.settings.sources.values()
    needed = {}
    if any(isinstance(source, MicrophoneConfig) for source in sources) and (box.root / "dev/snd").is_dir():
        needed["audio"] = "the microphone"
    if any(isinstance(source, CameraConfig) and source.device is not None for source in sources):
        needed["video"] = "the camera"
    if box.settings.accelerator.edgetpu.enabled and plugged(box.root / "sys", box.root / "dev"):
        needed["plugdev"] = "the Edge TPU"
    return needed


def _supplementary(box: Box) -> set[str]:
    """Groups that the unit gives the service beside its user's own."""
    unit = installed_unit(box.root)
    if unit is None:
        return set()
    try:
        lines = unit.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    key = "SupplementaryGroups="
    return {name for line in lines if line.startswith(key) for name in line.removeprefix(key).split()}


def _service_user() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        return None


def _ourselves() -> pwd.struct_passwd | None:
    """None where nobody has given our number a name, as in a container."""
    try:
        return pwd.getpwuid(os.getuid())
    except KeyError:
        return None


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"

"""A Debian 12 that systemd boots in a container: made once by debootstrap, then a fresh layer over it each time."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

CACHE = Path("/var/cache/edged-tests")
"""Keeps Debian, and what pip fetched, from one run to the next."""
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
SYSTEM = ("systemd", "systemd-sysv", "dbus", "udev", "ca-certificates", "bash-completion")
NEEDED = ("systemd-nspawn", "debootstrap", "nsenter", "mount")
DEBOOTSTRAP_LIMIT_S = 900
KEPT = CACHE / "kept"
"""What tests keep for those to come lies as a layer over each Debian."""
READ_ONLY = ("/etc/ssl/certs", "/usr/local/share/ca-certificates")
PIP_FILES = ("/etc/pip.conf", "~/.config/pip/pip.conf", "~/.pip/pip.conf")


def missing() -> str:
    """Why no container can be had here; empty where one can."""
    if os.geteuid() != 0:
        return "a booted container needs root"
    lacks = [name for name in NEEDED if not shutil.which(name)]
    return (
        f"{', '.join(lacks)} not installed; scripts/setup installs systemd-container and debootstrap" if lacks else ""
    )


def debian(packages: tuple[str, ...]) -> Path:
    """The root of a Debian with these packages; OSError where it cannot be fetched."""
    names = ",".join(dict.fromkeys((*SYSTEM, *packages)))
    root = CACHE / f"{SUITE}-{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    if root.is_dir():
        return root
    part = root.with_suffix(f".{os.getpid()}")
    command = ["debootstrap", "--variant=minbase", f"--include={names}", SUITE, str(part), MIRROR]
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(command, capture_output=True, check=False, text=True, timeout=DEBOOTSTRAP_LIMIT_S)
        if made.returncode != 0:
            raise OSError(f"debootstrap: {made.stdout[-300:]}{made.stderr[-300:]}")
        shutil.rmtree(part / "var/cache/apt", ignore_errors=True)
        if not root.is_dir():  # another run may have been quicker
            part.rename(root)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return root


def pip_binds() -> list[str]:
    """What pip on this machine reads besides the index: its configuration, and the folders that are named there."""
    said = subprocess.run(["pip", "config", "list"], capture_output=True, check=False, text=True).stdout
    folders = {found for found in re.findall(r"(?:file://|')(/[^\s']+)", said) if Path(found).is_dir()}
    tops = {f"/{'/'.join(Path(folder).parts[1:3])}" for folder in folders}
    files = [path for path in map(os.path.expanduser, PIP_FILES) if Path(path).is_file()]
    return [*(f"--bind-ro={top}" for top in sorted(tops)), *(f"--bind-ro={path}:/etc/pip.conf" for path in files[-1:])]


class Container:
    """A booted machine on this one's network, with ``source`` as /src; ``folder`` holds all that it changes."""

    def __init__(self, folder: Path, lower: Path, source: Path) -> None:
        self.folder, self._lower, self._source = folder, lower, source
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def start(self, timeout_s: float = 60.0) -> None:
        layers = [self.folder / name for name in ("upper", "work", "root")]
        for layer in layers:
            layer.mkdir(parents=True)
        upper, work, root = layers
        kept = [KEPT] if KEPT.is_dir() else []
        lower = ":".join(map(str, (*kept, self._lower)))
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, root], check=True)
        pip = CACHE / "pip"
        pip.mkdir(exist_ok=True)
        command = ["systemd-nspawn", "-q", "-D", root, "--boot", "--register=no", "--keep-unit", "--console=read-only"]
        command += [f"-Medged-{os.getpid()}", f"--bind-ro={self._source}:/src", f"--bind={pip}:/var/cache/pip"]
        command += [f"--bind-ro={path}" for path in READ_ONLY if Path(path).is_dir()]
        with (self.folder / "console").open("wb") as console:
            self._process = subprocess.Popen([*command, *pip_binds()], stdout=console, stderr=console)
        until = time.monotonic() + timeout_s
        while not self._booted():
            assert self._process.poll() is None, (self.folder / "console").read_text()
            assert time.monotonic() < until, (self.folder / "console").read_text()
            time.sleep(0.1)

    def run(self, *command: str, check: bool = True, timeout_s: float = 300.0) -> str:
        """What the command says inside, errors too; it must succeed unless ``check`` is off."""
        env = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
        env |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        env |= {"PIP_CACHE_DIR": "/var/cache/pip", "HOME": "/root"}
        inside = ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", *command]
        done = subprocess.run(
            inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            timeout=timeout_s,
            env=env,
        )
        assert not check or done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}"
        return done.stdout.strip()

    def write(self, path: str, content: str) -> None:
        """Into a file that is there, whose owner and mode stay."""
        (self.folder / "root" / path.lstrip("/")).write_text(content)

    def make(self, path: str, content: str = "") -> None:
        """A file of root's, with the folder that it lies in."""
        made = self.folder / "root" / path.lstrip("/")
        made.parent.mkdir(exist_ok=True)
        made.write_text(content)

    def journal(self, unit: str) -> list[tuple[float, str, str]]:
        """What the unit said, and systemd of it: when in Unix seconds, the text, and which process."""
        lines = self.run("journalctl", "-u", unit, "-o", "json", "--all", "--no-pager").splitlines()
        entries = map(json.loads, lines)
        return [(int(one["__REALTIME_TIMESTAMP"]) / 1e6, str(one["MESSAGE"]), str(one.get("_PID"))) for one in entries]

    def keep(self, folder: str) -> None:
        """For the containers to come, in place of what was kept before."""
        part = KEPT.with_suffix(f".{os.getpid()}")
        try:
            shutil.copytree(self.folder / "root" / folder.lstrip("/"), part / folder.lstrip("/"), symlinks=True)
            shutil.rmtree(KEPT, ignore_errors=True)
            part.rename(KEPT)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            if self._leader:
                os.kill(self._leader, signal.SIGRTMIN + 3)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        subprocess.run(["umount", "-l", self.folder / "root"], check=False)

    def _booted(self) -> bool:
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not children:
            return False
        self._leader = int(children[0])
        state = self.run("systemctl", "is-system-running", check=False, timeout_s=10)
        return state in {"running", "degraded"}

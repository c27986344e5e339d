"""Check of the accelerator: what is plugged in, whether we may use it, and whether its library and runtime work."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edged.errors import DeviceLostError
from edged.inference.checks.device import check_device, check_driver
from edged.inference.checks.library import (
    ASK_WITHIN_S,
    Library,
    find_library,
    is_missing,
    open_device,
    opened_by,
)
from edged.inference.checks.runtimes import CPU_ORDER, HOST_ORDER, Packages, check_fit, check_packages, read_packages
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.edgetpu.lock import take
from edged.inference.edgetpu.plugged import DEV, SYS, Plugged, plugged, without_driver
from edged.runtime.finding import Finding, Level

LIBRARY_URL = "https://github.com/feranick/libedgetpu/releases/download/16.0TF2.17.1-1/libedgetpu1-std_16.0tf2.17.1-1"
DEBIAN_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf"}
"""Of the machines that there is a libedgetpu for."""


@dataclass(frozen=True, slots=True)
class AcceleratorCheck:
    """What is checked, and where."""

    config: EdgeTpuConfig
    sys_root: Path = SYS
    dev_root: Path = DEV
    proc_root: Path = Path("/proc")
    open_within_s: float = ASK_WITHIN_S


def check_accelerator(check: AcceleratorCheck) -> Iterator[Finding]:
    """Everything there is to find out, the cause before its effect."""
    devices = plugged(check.sys_root, check.dev_root)
    yield from _devices(devices, check)
    host = read_packages(check.config.python)
    yield from _pythons(check.config.python, host, hosting=bool(devices))
    python = check.config.python if isinstance(host, Packages) else None
    library = find_library(check.config.library, python)
    yield _library(library, check.config.library, needed=bool(devices))
    if not isinstance(library, Library) or not library.delegate:
        return
    if devices and isinstance(host, Packages):
        yield check_fit(library, host)
    yield from (_opening(device, library, python, check) for device in devices if device.accessible)


def library_remedy() -> str:
    """The command that installs a libedgetpu that is known to work, on Debian 12."""
    machine = DEBIAN_NAMES.get(platform.machine())
    if machine is None:
        return f"there is none for {platform.machine()}: models run on the CPU"
    return f"wget {LIBRARY_URL}.bookworm_{machine}.deb && sudo apt install ./libedgetpu1-std_*_{machine}.deb"


def _devices(devices: list[Plugged], check: AcceleratorCheck) -> Iterator[Finding]:
    """What is plugged in, against what is configured."""
    lost = without_driver(check.sys_root)
    if not devices and not lost:
        yield Finding(Level.OK, "Edge TPU", "none is plugged in: models run on the CPU")
    elif not check.config.enabled:
        yield Finding(Level.OK, "Edge TPU", "is not used: accelerator.edgetpu.enabled is false")
    names = [device.name for device in devices]
    for name in sorted(set(check.config.devices or ()) - set(names)):
        found = f"accelerator.edgetpu.devices names it, plugged in: {', '.join(names) or 'none'}"
        yield Finding(Level.FAULT, name, found, "plug it in, or mend accelerator.edgetpu.devices")
    yield from (check_driver(address, check.proc_root / "modules") for address in lost)
    for device in devices:
        yield from check_device(device)


def _pythons(python: Path | None, host: Packages | str, *, hosting: bool) -> Iterator[Finding]:
    """The interpreter of edged itself, and that of the Edge TPU host where it is another."""
    if python is None:
        yield from check_packages(host, "Python", HOST_ORDER if hosting else CPU_ORDER)
    else:
        yield from check_packages(read_packages(None), "Python", CPU_ORDER)
        yield from check_packages(host, "host's Python", HOST_ORDER)


def _library(library: Library | str, configured: Path | None, *, needed: bool) -> Finding:
    about = "libedgetpu"
    if isinstance(library, Library):
        if not library.delegate:
            found = f"{library.path} is another library: it has no tflite_plugin_create_delegate"
            return Finding(Level.FAULT, about, found, "mend accelerator.edgetpu.library")
        clock = {"-std": " at half clock", "-max": " at full clock"}.get(library.package[-4:], "")
        version = library.package_version or library.version or "says no version"
        return Finding(Level.OK, about, f"{version}{clock}, {library.path}")
    if configured is not None:
        return Finding(Level.FAULT, about, library, "mend accelerator.edgetpu.library")
    if not is_missing(library):
        return Finding(Level.FAULT, about, library, library_remedy())
    if needed:
        return Finding(Level.FAULT, about, "is not installed: models run on the CPU", library_remedy())
    return Finding(Level.OK, about, "is not installed, nor needed without an Edge TPU")


def _opening(device: Plugged, library: Library, python: Path | None, check: AcceleratorCheck) -> Finding:
    """Open it, unless some process has it open: a second one would crash the first."""
    # Initialising one changes how the others are counted, so its name is looked up anew.
    now = {other.sysfs: other.name for other in plugged(check.sys_root, check.dev_root)}
    name = now.get(device.sysfs, device.name)
    try:
        lock = take(name, check.config.locks)
    except DeviceLostError as held:
        return Finding(Level.OK, device.name, f"not tried: {str(held).removeprefix(f'{name}: ')}")
    try:
        if (process := opened_by(device.node, check.proc_root)) is not None:
            return Finding(Level.OK, device.name, f"not tried: {device.node} is open in {process}")
        failure = open_device(library, {**check.config.options, "device": name}, python, check.open_within_s)
    finally:
        os.close(lock)
    if failure is None:
        return Finding(Level.OK, device.name, "opens")
    remedy = f"sudo fuser -v {device.node}   # does another program use it?"
    if failure.startswith("hangs") and device.kind == "usb":
        switch = device.sysfs / "authorized"
        remedy = f"sudo sh -c 'echo 0 > {switch}; echo 1 > {switch}'   # or replug it"
    return Finding(Level.FAULT, device.name, f"opening it {failure}", remedy)

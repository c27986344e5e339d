"""Check of one Edge TPU that is plugged in: whether we may use and reset it, how it is connected, how warm it is."""

import getpass
import grp
import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from edged.inference.edgetpu.plugged import DEAD_BELOW_C, Plugged, temperature_c, trip_points_c
from edged.runtime.finding import Finding, Level

USB3_MBIT_S = 5000


def check_device(device: Plugged) -> Iterator[Finding]:
    """Whether this process may use the device, and how well it is connected."""
    if not device.node.exists():
        remedy = "in a container: pass it through, with `--device /dev/bus/usb` or `--device /dev/apex_0`"
        yield Finding(Level.FAULT, device.name, f"{device.node} is missing", remedy)
    elif not device.accessible:
        found = f"{device.node} may not be read and written by {user_name()}"
        yield Finding(Level.FAULT, device.name, found, access_remedy(device.node, os.getgroups()))
    else:
        yield Finding(Level.OK, device.name, f"{_described(device)}, {device.node} open to {user_name()}")
    yield from _usb(device) if device.kind == "usb" else _temperature(device)


def check_driver(address: str, modules: Path) -> Finding:
    """Why the PCIe Edge TPU at ``address`` has no driver; ``modules`` lists those that the kernel has loaded."""
    found = f"PCIe {address} has no driver"
    try:
        loaded = any(line.startswith("apex ") for line in modules.read_text(encoding="ascii").splitlines())
    except OSError:
        loaded = False
    if loaded:
        return Finding(Level.FAULT, "Edge TPU", f"{found}, though the module apex is loaded", "sudo dmesg | grep apex")
    return Finding(Level.FAULT, "Edge TPU", found, "sudo apt install gasket-dkms && sudo modprobe apex")


def access_remedy(node: Path, groups: list[int]) -> str:
    """How a process in ``groups`` comes to use ``node``: by joining its group, else by our udev rules."""
    try:
        status = node.stat()
        group = grp.getgrgid(status.st_gid).gr_name
    except (OSError, KeyError):
        return rules_remedy()
    if status.st_mode & 0o060 == 0o060 and status.st_gid not in {0, *groups}:
        return f"sudo usermod -aG {group} {user_name()}   # and log in again, or restart the service"
    return rules_remedy()


def rules_remedy() -> str:
    """The command that installs our udev rules."""
    install = f"sudo install -m 644 {rules_file()} /etc/udev/rules.d/"
    return f"{install} && sudo udevadm control --reload && sudo udevadm trigger"


def rules_file() -> Path:
    """Our udev rules: of the source tree, or of the installed package."""
    tree = Path(__file__).resolve().parents[3] / "systemd"
    folder = tree if tree.is_dir() else Path(sysconfig.get_path("data")) / "share" / "edged" / "systemd"
    return folder / "65-edged-coral.rules"


def user_name() -> str:
    """Who we are; a container may have no name for us."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _described(device: Plugged) -> str:
    if device.kind == "usb":
        return f"USB port {device.sysfs.name}, {'' if device.initialised else 'not yet '}initialised"
    temperature = temperature_c(device)
    return "PCIe" if temperature is None else f"PCIe, {temperature:.0f} °C"


def _usb(device: Plugged) -> Iterator[Finding]:
    if device.speed_mbit_s is not None and device.speed_mbit_s < USB3_MBIT_S:
        found = f"connected at {device.speed_mbit_s} Mbit/s, as USB 2: each inference waits for its transfers"
        yield Finding(Level.WARNING, device.name, found, "use a blue USB 3 port, a USB 3 cable, and no USB 2 hub")
    switch = device.sysfs / "authorized"
    if not os.access(switch, os.W_OK):
        found = f"{switch} may not be written by {user_name()}: edged cannot reset it after a lock-up"
        yield Finding(Level.WARNING, device.name, found, rules_remedy())


def _temperature(device: Plugged) -> Iterator[Finding]:
    temperature, trips = temperature_c(device), trip_points_c(device)
    if temperature is not None and temperature < DEAD_BELOW_C:
        found = f"reads {temperature:.1f} °C: it no longer answers"
        yield Finding(
            Level.FAULT, device.name, found, "sudo modprobe -r apex && sudo modprobe apex   # or power it off"
        )
    elif temperature is not None and trips and temperature >= trips[0]:
        found = f"{temperature:.0f} °C, and from {trips[0]:.0f} °C on its driver lowers the clock"
        yield Finding(Level.WARNING, device.name, found, "cool it")

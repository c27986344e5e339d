"""What is plugged in: the Edge TPUs that the kernel shows, found without opening one of them.

Opening belongs to one process alone (a second one crashes the first), so everything here reads sysfs only.
"""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

USB_IDS = {("1a6e", "089a"): False, ("18d1", "9302"): True}
"""Vendor and product of a USB Edge TPU -> whether libedgetpu has initialised it: its firmware brings other ids."""
PCI_ID = ("0x1ac1", "0x089a")
"""Vendor and device of a PCIe Edge TPU."""
DEAD_BELOW_C = -80.0
"""A PCIe Edge TPU that no longer answers reads -89.7 °C: all bits of the sensor's register set (apex_driver.c)."""

SYS, DEV = Path("/sys"), Path("/dev")
LONGEST_ATTRIBUTE = 64
"""Bytes read of a sysfs file; those read here hold a number."""


@dataclass(frozen=True, slots=True)
class Plugged:
    """One Edge TPU as it is plugged in at this moment."""

    kind: Literal["usb", "pci"]
    index: int
    """Its place among those of its kind, as libedgetpu counts them now: see :func:`plugged`."""
    sysfs: Path
    """``/sys/bus/usb/devices/1-1.2``, named after its port, or ``/sys/class/apex/apex_0``."""
    node: Path
    """``/dev/bus/usb/001/004``, anew at each initialisation, or ``/dev/apex_0``."""
    accessible: bool
    """Whether this process may read and write the node."""
    initialised: bool = True
    """False for a USB one that libedgetpu has not yet loaded its firmware into."""
    speed_mbit_s: int | None = None
    """Of its USB connection: 480 is USB 2, 5000 USB 3; None for PCIe, and where the kernel does not say."""

    @property
    def name(self) -> str:
        """What libedgetpu calls it at this moment: ``usb:0``, ``pci:1``."""
        return f"{self.kind}:{self.index}"


def plugged(sys_root: Path = SYS, dev_root: Path = DEV) -> list[Plugged]:
    """The Edge TPUs that are there, USB before PCIe; empty where there are none. Never raises for odd files.

    Counted as libedgetpu does (beagle_usb_driver_provider.cc, and libusb, which puts each device that it finds at the
    head of its list): those not yet initialised come first, and among them the last path. So where there are several,
    a name passes from one to another when one of them is initialised; ``sysfs`` stays.
    """
    return [*_usb(sys_root, dev_root), *_pci(sys_root, dev_root)]


def temperature_c(device: Plugged) -> float | None:
    """Degrees Celsius of a PCIe Edge TPU (below ``DEAD_BELOW_C``: it is dead); None for USB, which has no sensor."""
    return _celsius(device.sysfs / "temp")


def trip_points_c(device: Plugged) -> tuple[float, ...]:
    """The temperatures in °C at which the driver halves the clock of a PCIe Edge TPU once more; empty for USB."""
    points = (_celsius(device.sysfs / f"trip_point{number}_temp") for number in range(3))
    return tuple(point for point in points if point is not None)


def without_driver(sys_root: Path = SYS) -> list[str]:
    """PCI addresses of the Edge TPUs that no driver has taken; they have no node and are in no list of devices."""
    return [
        entry.name
        for entry in _entries(sys_root / "bus/pci/devices")
        if (_read(entry / "vendor"), _read(entry / "device")) == PCI_ID and not (entry / "driver").exists()
    ]


def reset_usb(device: Plugged) -> str:
    """Take a USB Edge TPU off the bus and put it back, which cures a lock-up. Returns what was done or why not.

    It must not be open in any process. Blocks while the kernel does it; the device comes back under another node.
    """
    if device.kind != "usb":
        return f"{device.name}: not reset: only USB has a reset through sysfs"
    switch = device.sysfs / "authorized"
    for value in (b"0", b"1"):
        try:
            _write(switch, value)
        except OSError as error:
            left = "" if value == b"0" else "; it stays off until it is replugged"
            return f"{device.name}: not reset: {switch} cannot be written: {error.strerror}{left}"
    return f"{device.name}: reset, off and on again through {switch}"


def _usb(sys_root: Path, dev_root: Path) -> list[Plugged]:
    maybe = [_usb_device(entry, dev_root) for entry in _entries(sys_root / "bus/usb/devices")]
    found = sorted(filter(None, maybe), key=lambda device: os.path.realpath(device.sysfs), reverse=True)
    found.sort(key=lambda device: device.initialised)
    return [replace(device, index=index) for index, device in enumerate(found)]


def _usb_device(entry: Path, dev_root: Path) -> Plugged | None:
    """None for an interface (``1-1:1.0``), for another device and for one that vanishes meanwhile."""
    if ":" in entry.name:
        return None
    initialised = USB_IDS.get((_read(entry / "idVendor"), _read(entry / "idProduct")))
    bus, number = _number(entry / "busnum"), _number(entry / "devnum")
    if initialised is None or bus is None or number is None:
        return None
    node = dev_root / f"bus/usb/{bus:03d}/{number:03d}"
    return Plugged("usb", 0, entry, node, _accessible(node), initialised, _number(entry / "speed"))


def _pci(sys_root: Path, dev_root: Path) -> list[Plugged]:
    entries = [entry for entry in _entries(sys_root / "class/apex") if re.fullmatch(r"apex_[0-9]{1,3}", entry.name)]
    entries.sort(key=lambda entry: int(entry.name.removeprefix("apex_")))
    return [
        Plugged("pci", index, entry, dev_root / entry.name, _accessible(dev_root / entry.name))
        for index, entry in enumerate(entries)
    ]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    """What a sysfs file holds; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_ATTRIBUTE).decode("ascii", "replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _read(path)
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None


def _celsius(path: Path) -> float | None:
    millidegrees = _number(path)
    return None if millidegrees is None else millidegrees / 1000


def _write(path: Path, value: bytes) -> None:
    """Into a file that must be there: sysfs makes none."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, value)
    finally:
        os.close(descriptor)


def _accessible(node: Path) -> bool:
    return os.access(node, os.R_OK | os.W_OK)

"""A tree like /sys and /dev with Edge TPUs plugged in, for tests that have none."""

from pathlib import Path

from edged.inference.edgetpu.plugged import Plugged, plugged

BEFORE, AFTER, OTHER = ("1a6e", "089a"), ("18d1", "9302"), ("1d6b", "0002")
"""USB ids of an Edge TPU before and after its firmware is loaded, and of a hub."""


class FakeBox:
    """``sys`` and ``dev`` are its roots."""

    def __init__(self, root: Path) -> None:
        self.sys, self.dev, self.proc = root / "sys", root / "dev", root / "proc"

    def usb(self, port: str, ids: tuple[str, str], number: int, speed: str = "5000", *, node: bool = True) -> Path:
        """Plug a USB device into ``port``; its device number comes from the kernel's counter."""
        bus = int(port.partition("-")[0])
        folder = self.sys / "bus/usb/devices" / port
        vendor, product = ids
        self.files(folder, idVendor=vendor, idProduct=product, busnum=bus, devnum=number, speed=speed, authorized=1)
        self.files(folder.with_name(f"{port}:1.0"), bInterfaceClass="ff")
        if node:
            self.files(self.dev / f"bus/usb/{bus:03d}", **{f"{number:03d}": ""})
        return folder

    def pci(self, number: int, **attributes: object) -> Path:
        """Put in a PCIe device with its driver."""
        folder = self.sys / f"class/apex/apex_{number}"
        self.files(folder, **{"temp": 45300, **attributes})
        self.files(self.dev, **{f"apex_{number}": ""})
        return folder

    def files(self, folder: Path, **contents: object) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_text(f"{content}\n")

    def plugged(self) -> list[Plugged]:
        return plugged(self.sys, self.dev)

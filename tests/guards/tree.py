"""A tree of the kernel's files in a folder, in place of ``/``."""

from pathlib import Path

GETS_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


class Tree:
    """What a fake kernel says."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def say(self, **texts: str) -> None:
        """By a name below."""
        places = {
            "temperature": "sys/class/thermal/thermal_zone0/temp",
            "throttled": GETS_THROTTLED,
            "statm": "proc/self/statm",
            "limits": "proc/self/limits",
            "loadavg": "proc/loadavg",
            "pressure": "proc/pressure/cpu",
        }
        for name, text in texts.items():
            self.write(places[name], text)

    def write(self, path: str, text: str) -> None:
        at = self.root / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(text + "\n")

    def service(self, **files: str) -> None:
        """A service of systemd, in a cgroup of its own (version 2): ``memory_max="1000"``."""
        self.write("proc/self/cgroup", "0::/system.slice/edged.service")
        self.write("sys/fs/cgroup/cgroup.controllers", "cpu memory")
        for name, text in files.items():
            self.write(f"sys/fs/cgroup/system.slice/edged.service/{name.replace('_', '.', 1)}", text)

    def voltage(self, alarm: str) -> None:
        """The sensor of a Pi, beside another one."""
        self.write("sys/class/hwmon/hwmon0/name", "cpu_thermal")
        self.write("sys/class/hwmon/hwmon1/name", "rpi_volt")
        self.write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm)

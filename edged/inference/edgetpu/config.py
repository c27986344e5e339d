"""EdgeTpuConfig: which Edge TPUs there are and how they are driven."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from edged.config import Section, Slug

Device = Annotated[str, StringConstraints(pattern=r"^(usb|pci):[0-9]$")]
"""As libedgetpu counts them."""


class EdgeTpuConfig(Section):
    """Coral Edge TPUs. Without one, or when it fails, models run on the CPU."""

    enabled: bool = True
    """Use them."""
    devices: tuple[Device, ...] | None = None
    """Such as [usb:0, pci:0]; null: the one that is plugged in, now or later."""
    models: dict[Slug, Device] = Field(default_factory=dict)
    """Which model runs on which device; those not named here are spread over the devices by their size."""
    library: Path | None = None
    """The libedgetpu to load; null: the system's."""
    python: Path | None = None
    """Interpreter of the process that holds the device, with a runtime that fits libedgetpu; null: edged's own."""
    locks: Path | None = None
    """Folder of the locks that keep a second program off a device; null: /run/lock."""
    options: dict[str, str] = Field(default_factory=dict)
    """Options for libedgetpu, such as Performance: Low."""
    deadline_ms: float = Field(50.0, ge=1, le=10_000)
    """An answer that takes longer comes from the CPU (three times what it usually takes, where that is more)."""
    hang_s: float = Field(1.0, ge=0.1, le=60)
    """A device that owes an answer for so long hangs: its process is killed and the device opened anew."""
    check_s: float = Field(3600.0, ge=1)
    """A known input is run on device and CPU and compared this often, and whenever the device is opened."""

    @model_validator(mode="after")
    def _devices_exist(self) -> "EdgeTpuConfig":
        for model, device in self.models.items():
            if self.devices is not None and device not in self.devices:
                known = ", ".join(self.devices) or "none"
                raise ValueError(f"models.{model}: {device!r}, must be one of the devices: {known}")
        return self

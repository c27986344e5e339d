"""LoadConfig: when the box sheds load, and when it takes it up again."""

from pydantic import Field

from edged.config import Section


class LoadConfig(Section):
    """Under heat, a weak power supply or overload the box does less: objects first, then faces, then shadow models.

    Sound goes on as it is.
    """

    shed: bool = True
    """When off, it does all of it as long as it can."""
    up_s: float = Field(5.0, ge=0, le=3600)
    """What is too much for so long makes it shed the next thing."""
    down_s: float = Field(120.0, ge=1, le=86_400)
    """After so much calm it takes up the last one again; longer where that was too much before."""
    pressure_pct: float = Field(80.0, ge=1, le=100)
    """Skipped frames are overload where something waits for a CPU during so much of a minute (see /proc/pressure)."""
    load_per_cpu: float = Field(2.0, gt=0, le=1000)
    """In place of that, where the kernel has no such figure: the load average for each CPU."""

"""GuardsConfig: all that is watched of the machine."""

from pydantic import Field

from edged.config import Section
from edged.guards.card import CardConfig
from edged.guards.disk import DiskConfig
from edged.guards.heat import HeatConfig
from edged.guards.load_config import LoadConfig
from edged.guards.memory import MemoryConfig


class GuardsConfig(Section):
    """What the box lives on, and when there is too little of it. Health tells of it as `machine.…`."""

    interval_s: float = Field(2.0, ge=0.1, le=60)
    """It is looked at this often."""
    clock_grace_s: float = Field(600.0, ge=0, le=1e9)
    """A clock that has not been synchronised for so long makes the box degraded; it is told at once."""
    disk: DiskConfig = DiskConfig()
    memory: MemoryConfig = MemoryConfig()
    heat: HeatConfig = HeatConfig()
    card: CardConfig = CardConfig()
    load: LoadConfig = LoadConfig()

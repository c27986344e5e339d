"""Guards: they watch what the box lives on: disk, memory, cool air, power, and time. What is short is said in health.

Each guard is its numbers, a rule (what was read in, a finding out) and a thin reader of the kernel's files.
"""

from edged.guards.config import GuardsConfig
from edged.guards.guards import Guards, guards_of
from edged.guards.shedding import Step

__all__ = ["Guards", "GuardsConfig", "Step", "guards_of"]

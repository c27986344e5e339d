"""What the tests of the benchmarks' groups share."""

import math
from collections.abc import Mapping
from typing import Any

from benchmarks.measure import Group, Result, table


def check_that_it_measures(group: Group, name: str, few: Mapping[str, Any], above: float = 0.0) -> None:
    """A run with as few repetitions as may be finds a figure and says what it is compared with."""
    (measure,) = (one for one in group.measures if one.name == f"{group.name}.{name}")
    found = measure.function(**few)
    assert math.isfinite(found.value)
    assert found.value > above
    assert found.compared_with in table([Result(name, found.value, measure.unit, measure.target, found.compared_with)])

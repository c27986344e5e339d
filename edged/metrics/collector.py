"""Collector: what Prometheus is told, read from the box's own health at each scrape. Nothing is counted twice."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from edged import __version__
from edged.messages.health import PartHealth, State
from edged.messages.wire import HealthMessage
from edged.metrics.names import help_text, label_value, metric
from edged.runtime.health import Health

MOST_SERIES = 1000
"""Of the parts' counters, and of their states; what comes after is left out."""
MOST_STEPS = 100
"""Steps that are told; each is 20 series."""
OWN = {"outbox": frozenset({"dropped", "waiting"})}
"""Counters that have a metric of their own, which is there from the start."""


class BoxCollector(Collector):
    """Asked by prometheus_client's registry at each scrape, on the server's threads."""

    def __init__(self, health: Health, tell: Callable[[], HealthMessage]) -> None:
        """``tell`` gives how the box is now."""
        self._health, self._tell = health, tell

    def collect(self) -> Iterator[Metric]:
        parts, message = self._health.parts(), self._tell()
        yield from box(message)
        yield from states(parts)
        yield from counters(parts)
        yield latencies(parts)


def box(message: HealthMessage) -> Iterator[Metric]:
    """Of the whole box."""
    versions = {"version": __version__, "python": platform.python_version()}
    yield InfoMetricFamily("edged_build", "What runs here; always 1.", versions)
    state = GaugeMetricFamily("edged_state", "1 for the state that the box is in, 0 for the others.", labels=("state",))
    _add_states(state, (), message.state)
    yield state
    figures = (
        ("edged_uptime_seconds", "Since edged was started.", message.uptime_s),
        ("edged_outbox_waiting", "Event messages that wait for the broker's word.", message.outbox_waiting),
        ("edged_disk_free_bytes", "Free on the disk.", message.disk_free_bytes),
        ("edged_cpu_temperature_celsius", "Of the CPU; absent where it cannot be read.", message.cpu_temperature_c),
        ("edged_clock_synchronised", "1 where the kernel says that the clock is right.", message.clock_synchronised),
        ("edged_time_seconds", "The box's clock, as Unix time.", time.time()),
    )
    for name, words, value in figures:
        if value is not None:
            yield GaugeMetricFamily(name, words, value=value)
    yield CounterMetricFamily(
        "edged_outbox_dropped", "Event messages lost for want of room or because of their age.", message.outbox_dropped
    )


def states(parts: Mapping[str, PartHealth]) -> Iterator[Metric]:
    """How each part is, and since when."""
    state = GaugeMetricFamily(
        "edged_part_state", "1 for the state that a part is in, 0 for the others.", labels=("part", "needed", "state")
    )
    since = GaugeMetricFamily(
        "edged_part_state_since_seconds", "Unix time at which a part got into its state.", labels=("part",)
    )
    for name, part in islice(parts.items(), MOST_SERIES // len(State)):
        _add_states(state, (label_value(name), str(part.needed).lower()), part.state)
        since.add_metric((label_value(name),), part.since_s)
    yield state
    yield since


def counters(parts: Mapping[str, PartHealth]) -> Iterator[Metric]:
    """What the parts count, and their figures."""
    families: dict[str, Metric] = {}
    counted = (
        (name, counter, value, part)
        for name, part in parts.items()
        for counter, value in part.counters.items()
        if counter not in OWN.get(name, ())
    )
    for name, counter, value, part in islice(counted, MOST_SERIES):
        known = metric(counter, figure=counter in part.figures)
        kind = "gauge" if counter in part.figures else "counter"
        base = known.name.removesuffix("_total")
        family = families.setdefault(known.name, Metric(base, help_text(known.name), kind))
        family.add_sample(known.name, {"part": label_value(name), **dict(known.labels)}, value * known.scale)
    yield from families.values()


def latencies(parts: Mapping[str, PartHealth]) -> Metric:
    """How long each step takes."""
    family = HistogramMetricFamily(
        "edged_step_latency_seconds", "How long each step of a part takes.", labels=("part", "step")
    )
    steps = ((name, step, latency) for name, part in parts.items() for step, latency in part.latency.items())
    for name, step, latency in islice(steps, MOST_STEPS):
        bounds = [("+Inf" if bound == float("inf") else f"{bound:g}", count) for bound, count in latency.buckets]
        family.add_metric((label_value(name), label_value(step)), bounds, latency.sum_s)
    return family


def _add_states(family: GaugeMetricFamily, labels: tuple[str, ...], current: State) -> None:
    for state in State:
        family.add_metric((*labels, state.value), float(state is current))

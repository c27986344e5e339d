"""``edged models bench``: how long a model takes on each device of this box."""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from edged.cli.arguments import whole_number
from edged.cli.terminal import complain, print_json, print_table, progress


def add_parser(actions: Any) -> None:
    """Add this action's arguments."""
    parser = actions.add_parser(
        "bench",
        help="how long a model takes, on each device",
        description="Latency of one inference, the first and warm, on the CPU and on each Edge TPU that the "
        "configuration names or that is plugged in. A running edged keeps its Edge TPU: stop it first.",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument(
        "--runs", type=whole_number(10, 100_000), default=200, metavar="N", help="inferences a device, 10 to 100000"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(settings: Any, options: argparse.Namespace) -> int:
    """Measure each device; exit status 1 where one cannot be used."""
    from dataclasses import asdict

    from edged.errors import DeviceLostError
    from edged.inference.catalogue import Catalogue

    model = Catalogue(settings.models).load(options.name)
    measured, failed = [], False
    with progress() as bar:
        for device, measure in _devices(settings, model, options.runs):
            bar.add_task(f"{options.name} on {device}", total=None)
            try:
                measured.append(measure())
            except DeviceLostError as error:
                complain(error)
                failed = True
    if options.json:
        print_json([asdict(latency) for latency in measured])
    else:
        rows = [_row(latency) for latency in measured]
        print_table(("device", "runtime", "first ms", "median", "p90", "p99", "most", "per second"), rows)
    return int(failed)


def _row(latency: Any) -> tuple[str, ...]:
    times = (latency.first_ms, latency.median_ms, latency.p90_ms, latency.p99_ms, latency.most_ms)
    return latency.device, latency.runtime, *(f"{ms:.2f}" for ms in times), f"{1e3 / latency.median_ms:.0f}"


def _devices(settings: Any, model: Any, runs: int) -> Iterator[tuple[str, Any]]:
    from edged.inference.edgetpu.plugged import plugged
    from edged.inference.interpreter import runtime
    from edged.inference.latency import on_cpu, on_edgetpu

    yield "cpu", lambda: on_cpu(model, runs, runtime()[0])
    config = settings.accelerator.edgetpu
    names = [device.name for device in plugged()] if config.devices is None else list(config.devices)
    if not config.enabled or not names:
        sys.stderr.write("no Edge TPU is plugged in or configured: the CPU alone is measured\n")
    elif "edgetpu" not in model.card.files:
        sys.stderr.write(f"{model.card.name} has no file for the Edge TPU: `edged models compile {model.card.name}`\n")
    else:
        for name in names:
            yield name, lambda name=name: on_edgetpu(model, name, config, runs)

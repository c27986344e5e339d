"""``scripts/bench [NAME…] [--json] [--list]``: edged against its targets, side by side with others."""

import argparse
import importlib
import json
import os
import platform
import sys
import traceback
from pathlib import Path

from benchmarks.measure import Measure, Result, UnknownNameError, select, table

GROUPS = ("sound", "inference", "wire", "faces", "many")
"""Each is a module of this package with a ``GROUP``."""
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""One thread each, as on the box: and no library gains on another by taking more cores."""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure edged against its targets. Exit status: 0 all hold, 1 one is missed or failed, 2 usage.",
    )
    top.add_argument("names", nargs="*", metavar="NAME", help="a group or a measure of --list; none: all")
    top.add_argument("--json", action="store_true", help="a list of objects on standard output")
    top.add_argument("--list", action="store_true", help="only list the names, each with unit and target")
    return top


def read_groups() -> dict[str, list[Measure]]:
    """The measures of every group."""
    return {name: importlib.import_module(f"benchmarks.{name}").GROUP.measures for name in GROUPS}


def say(text: str) -> None:
    """Progress: to standard error, so that results stand alone."""
    sys.stderr.write(text + "\n")


def machine() -> str:
    """What this is measured on: numbers mean nothing without it."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    python = platform.python_version()
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, load {load}, Python {python}"


def measure_all(measures: list[Measure]) -> list[Result]:
    """One after the other; one that fails is told and does not stop the others."""
    results = []
    for number, measure in enumerate(measures, 1):
        say(f"[{number}/{len(measures)}] {measure.name} …")
        try:
            results.append(measure.run())
        except Exception:  # whatever one measure trips over, the others go on
            traceback.print_exc()
            results.append(measure.failed())
    return results


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for; returns the exit status."""
    options = parser().parse_args(arguments)
    os.environ.update(dict.fromkeys(THREADS, "1"))  # before numpy is imported
    groups = read_groups()
    try:
        measures = select(groups, options.names)
    except UnknownNameError as error:
        say(f"scripts/bench: {error}")
        return 2
    if options.list:
        print("\n".join(f"{measure.name}  {measure.target} {measure.unit}" for measure in measures))
        return 0
    say(f"on {machine()}; {', '.join(f'{name}=1' for name in THREADS)}; what is compared runs in turns, medians count")
    results = measure_all(measures)
    print(json.dumps([result.as_json() for result in results], indent=2) if options.json else table(results))
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""The command line of scripts/soak."""

import argparse
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from soaking.catalogue import every_fault
from soaking.promises import Outcome, Promise, judge
from soaking.report import write_report
from soaking.samples import Sampler
from soaking.servers import cannot_run
from soaking.site import Site, site
from soaking.torment import Torment

SHORT_MINUTES = 3.0
FAULTS_AN_HOUR = 6.0
"""Of simulated time."""
LAST_EVENT_S = 5.0
"""After the last drone, for its event to end."""
DRAIN_S = 30.0
"""In the end, for what waits to arrive."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: every promise was kept; 1: one was broken; 2: it could not be run."""
    options = parser().parse_args(arguments)
    if not options.report.absolute().parent.is_dir():
        say(f"--report: {options.report}: there is no such folder; make it first")
        return 2
    if lacks := cannot_run():
        say(f"cannot run: {lacks}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no server and no disk is left behind
    minutes = SHORT_MINUTES if options.short else options.minutes
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    with TemporaryDirectory(prefix="soak-") as folder:
        outcome = soak(Path(folder), minutes, options, seed)
        promises = judge(outcome)
        write_report(options.report, outcome, promises, seed)
        options.report.with_suffix(".log").write_bytes((Path(folder) / "edged.log").read_bytes())
    return conclude(promises, options.report)


def parser() -> argparse.ArgumentParser:
    """What may stand on the command line."""
    made = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    made.add_argument("--short", action="store_true", help="three minutes")
    made.add_argument("--minutes", type=float, default=60.0, help="how long it takes (default: %(default)g)")
    made.add_argument("--hours-simulated", type=float, default=24.0, help="faults of so many hours (%(default)g)")
    made.add_argument("--seed", type=int, help="the same seed draws the same faults (default: drawn, and printed)")
    made.add_argument("--only", default="", help="faults whose names hold this, such as microphone (default: all)")
    made.add_argument("--report", type=Path, default=Path("soak.html"), help="the page (default: %(default)s)")
    return made


def soak(folder: Path, minutes: float, options: argparse.Namespace, seed: int) -> Outcome:
    """Run it."""
    hours = options.hours_simulated
    say(f"seed {seed}: {minutes:g} minutes for {hours:g} hours; setting up")
    with site(folder, seed) as there:
        for what in there.servers.left_out:
            say(f"left out: {what}")
        faults = [fault for fault in every_fault(there) if options.only in fault.name]
        torment = Torment(faults, there.notices, seed, say, there.program.revive)
        sampler = Sampler(lambda: there.program.pid, lambda: there.program.life, torment.quiet_for_s)
        sampler.start()
        began_s = time.time()
        there.sounds.go_on()
        torment.run(minutes, minutes * 60.0 / (hours * FAULTS_AN_HOUR))
        return finish(there, torment, sampler, began_s)


def finish(there: Site, torment: Torment, sampler: Sampler, began_s: float) -> Outcome:
    """The last drone flies by, what waits arrives, and the box is stopped."""
    there.sounds.stop()
    time.sleep(LAST_EVENT_S)
    wait_for_all(there)
    sampler.stop()
    ended_s = time.time()
    status, took_s = there.program.stop()
    wait_for_all(there)
    outcome = Outcome(began_s, ended_s, there.ledger, torment.done, there.sounds.passes, sampler.all, there.notices.all)
    outcome.status, outcome.stop_took_s, outcome.left_out = status, took_s, there.servers.left_out
    return outcome


def wait_for_all(there: Site) -> None:
    """Until all that was accepted has arrived, if it does in time."""
    until_s = time.monotonic() + DRAIN_S
    while there.ledger.lost() and time.monotonic() < until_s:
        time.sleep(0.1)


def conclude(promises: Sequence[Promise], report: Path) -> int:
    """Say what was kept and what was broken."""
    for promise in promises:
        mark = {True: "kept", False: "BROKEN", None: "shown"}[promise.held]
        say(f"{mark:<7} {promise.name}: {promise.words}")
    say(f"report: {report}")
    return 1 if any(promise.held is False for promise in promises) else 0


def say(line: str) -> None:
    """To whoever watches, with the time."""
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("stopped before its end; there is no report")
        sys.exit(130)

"""Report: one page that needs nothing else: what was kept and broken, plots over time, and both ledgers."""

import html
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import Template

from edged import __version__
from soaking.faults import NAMED_S, Injected
from soaking.plots import draw
from soaking.promises import Outcome, Promise

MARKS = {True: "kept", False: "broken", None: "shown"}
MOST_MESSAGES = 5000
"""Of the ledger, the newest: the page stays readable."""


def write_report(path: Path, outcome: Outcome, promises: Sequence[Promise], seed: int) -> None:
    """Write the page."""
    template = Template(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    left_out = "".join(f"<p>Left out: {html.escape(what)}.</p>" for what in outcome.left_out)
    page = template.substitute(
        verdict=verdict(promises),
        summary=html.escape(summary(outcome, seed)),
        promises="\n".join(_promise(one) for one in promises),
        left_out=left_out,
        plots=draw(outcome),
        faults="\n".join(_fault(outcome, one) for one in outcome.faults),
        events="\n".join(_pipelines(outcome)),
        messages=len(outcome.ledger.accepted),
        ledger="\n".join(_messages(outcome)),
    )
    path.write_text(page, encoding="utf-8")


def verdict(promises: Sequence[Promise]) -> str:
    """In a few words."""
    broken = sum(1 for one in promises if one.held is False)
    return f"{broken} of {len(promises)} promises broken" if broken else "every promise kept"


def summary(outcome: Outcome, seed: int) -> str:
    """When, what and with which seed."""
    began = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(outcome.began_s))
    minutes = (outcome.ended_s - outcome.began_s) / 60.0
    lives = len({it.life for it in outcome.samples})
    text = f"edged {__version__}, begun {began}, {minutes:.1f} minutes, seed {seed}: {len(outcome.faults)} faults, "
    text += f"{len(outcome.passes)} drones, {lives} lives of the program. "
    return text + f"At its end the machine's load was {os.getloadavg()[1]:.1f} on {os.cpu_count()} cores."


def _row(cells: Iterable[tuple[str, str]]) -> str:
    """Cells with their classes."""
    inside = "".join(f'<td class="{kind}">{text}</td>' if kind else f"<td>{text}</td>" for kind, text in cells)
    return f"<tr>{inside}</tr>"


def _promise(promise: Promise) -> str:
    mark = MARKS[promise.held]
    badge = f'<span class="{mark}">{mark}</span>'
    return _row([("", badge), ("", html.escape(promise.name)), ("", html.escape(promise.words))])


def _fault(outcome: Outcome, fault: Injected) -> str:
    named, cleared = fault.named_after_s, fault.cleared_after_s
    late = named is None or named > NAMED_S
    return _row([
        ("n", f"{(fault.at_s - outcome.began_s) / 60.0:.1f}"),
        ("", html.escape(fault.name)),
        ("n late" if late else "n", "never" if named is None else f"{named:.1f} s"),
        ("n", f"{fault.ended_s - fault.at_s:.1f} s"),
        ("n late" if cleared is None else "n", "never" if cleared is None else f"{cleared:.1f} s"),
        ("", html.escape(fault.words)),
    ])  # fmt: skip


def _pipelines(outcome: Outcome) -> Iterable[str]:
    ledger = outcome.ledger
    lost = {entry.key for entry in ledger.lost()}
    for name in sorted({entry.message["pipeline"] for entry in ledger.accepted.values()}):
        accepted = [key for key, entry in ledger.accepted.items() if entry.message["pipeline"] == name]
        arrived = [entry for entry in ledger.arrived.values() if entry.message["pipeline"] == name]
        counts = (
            len({key[0] for key in accepted}),
            len(accepted),
            len(arrived),
            sum(1 for entry in arrived if entry.message.get("delayed")),
            sum(1 for key in accepted if key in lost),
        )
        yield _row([("", html.escape(name)), *(("n", str(count)) for count in counts)])


def _messages(outcome: Outcome) -> Iterable[str]:
    for key, entry in list(outcome.ledger.accepted.items())[-MOST_MESSAGES:]:
        arrived = outcome.ledger.arrived.get(key)
        yield _row([
            ("n", str(key[2])),
            ("", html.escape(entry.message["pipeline"])),
            ("", key[1]),
            ("", key[0]),
            ("n", f"{(entry.at_s - outcome.began_s) / 60.0:.2f}"),
            ("n", f"{arrived.at_s - entry.at_s:+.2f}") if arrived else ("n late", "lost"),
        ])  # fmt: skip

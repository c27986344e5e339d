"""The group `wire`: what the outbox adds between an event and the broker's word, and how fast a backlog goes.

All on a real mosquitto on loopback, against paho alone with the same payloads in the same run.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.measure import Group, Measured
from benchmarks.timing import Seconds, in_turns, median_ms, median_ratio
from benchmarks.wire_box import Bare, Box, Commit, Reader, an_event, broker
from benchmarks.wire_hostile import flooded
from edged.runtime.machine import resident_bytes

GROUP = Group("wire")
PIPELINES = 4


@GROUP.measure("times paho alone", at_most=2.0)
def event_to_puback(calls: int = 1000) -> Measured:
    """From an event's start to the broker's word on it, one at a time, against a bare publication with QoS 1."""
    ours_s, bare_s, commit_s = one_at_a_time(calls)
    return Measured(
        median_ratio(ours_s, bare_s),
        f"ours {median_ms(ours_s):.2f} ms, paho alone {median_ms(bare_s):.2f} ms, "
        f"a bare commit to the same disk {median_ms(commit_s):.2f} ms; "
        f"that commit and paho alone, one after the other: {median_ratio(commit_s + bare_s, bare_s):.2g} times",
    )


@GROUP.measure("ms", at_most=20.0)
def event_to_puback_p99(calls: int = 1000) -> Measured:
    """The same: of a hundred events the slowest."""
    p99_ms, bare_ms, commit_ms = (float(np.quantile(took_s, 0.99)) * 1e3 for took_s in one_at_a_time(calls))
    return Measured(p99_ms, f"paho alone {bare_ms:.2f} ms, a bare commit {commit_ms:.2f} ms")


@GROUP.measure("of paho's rate", at_least=0.7)
def backlog(count: int = 100_000) -> Measured:
    """How fast what waited on disk is sent once the broker is there, against paho with all of it in memory."""
    ours_per_s, _, _ = drain(count)
    bare_per_s = bare_rate(count)
    return Measured(ours_per_s / bare_per_s, f"{count} events: ours {ours_per_s:.0f}/s, paho alone {bare_per_s:.0f}/s")


@GROUP.measure("MB", at_most=20.0)
def backlog_memory(count: int = 100_000) -> Measured:
    """Memory that draining it takes on top."""
    per_s, grown_mb, file_mb = drain(count)
    return Measured(grown_mb, f"{count} events, {file_mb:.0f} MB on disk, {per_s:.0f}/s")


@GROUP.measure("events/s", at_least=990.0)
def sustained(rate_per_s: int = 1000, seconds: int = 60) -> Measured:
    """What four pipelines get onto the disk, of so many that are asked of them; 0 if a reader misses one."""
    with broker() as port, tempfile.TemporaryDirectory() as folder, box(folder, port) as it:
        reader = Reader(port, "edged/bench/event/#")
        count, began_s = rate_per_s * seconds, time.monotonic()

        def accept(first: int) -> None:
            for number in range(first, count, PIPELINES):
                time.sleep(max(0.0, began_s + number / rate_per_s - time.monotonic()))
                it.outbox(an_event(number))

        with ThreadPoolExecutor(PIPELINES) as pipelines:
            list(pipelines.map(accept, range(PIPELINES)))
        took_s = time.monotonic() - began_s
        it.wait_until_empty(60.0)
        lost = count - reader.collect(count, 60.0)
        return Measured(0.0 if lost else count / took_s, f"for {took_s:.0f} s; {lost} of {count} lost")


@GROUP.measure("ms", at_most=50.0)
def hostile_delay(count: int = 10_000, seconds: float = 20.0) -> Measured:
    """How much later the slowest of a hundred live events comes while hostile requests pour in."""
    it = flooded(count, seconds)
    calm_ms, flooded_ms = (float(np.quantile(delays_ms, 0.99)) for delays_ms in (it.calm_ms, it.flooded_ms))
    return Measured(
        max(0.0, flooded_ms - calm_ms),
        f"{count} messages in {seconds:.0f} s; with them {flooded_ms:.0f} ms ({len(it.flooded_ms)} events), "
        f"without {calm_ms:.0f} ms ({len(it.calm_ms)} events); the box still answers",
    )


@GROUP.measure("MB", at_most=5.0)
def hostile_memory(count: int = 10_000, seconds: float = 20.0) -> Measured:
    """Memory that they take on top, at most."""
    return Measured(max(0.0, flooded(count, seconds).grown_mb), f"{count} messages in {seconds:.0f} s")


def one_at_a_time(calls: int) -> tuple[Seconds, Seconds, Seconds]:
    """Seconds of each, ours, paho alone and a commit alone, in turns."""
    with broker() as port, tempfile.TemporaryDirectory() as folder, Bare(port) as bare, box(folder, port) as it:
        numbers, commit = iter(range(10**9)), Commit(Path(folder))
        it.send_and_wait(an_event(next(numbers)))
        payload = it.last_payload
        ours_s, bare_s, commit_s = in_turns(
            calls,
            lambda: it.send_and_wait(an_event(next(numbers))),
            lambda: bare.send_and_wait(payload),
            lambda: commit(payload),
        )
        commit.close()
    return ours_s, bare_s, commit_s


def drain(count: int) -> tuple[float, float, float]:
    """Events a second, megabytes of memory on top, megabytes on disk."""
    with tempfile.TemporaryDirectory() as folder:
        with Box(Path(folder)) as it:
            for number in range(count):
                it.outbox(an_event(number, update=True))
        file_mb = (Path(folder) / "outbox.sqlite3").stat().st_size / 1e6
        with broker() as port, Box(Path(folder)) as it, watched() as grown:
            it.connect(port)
            began_s = time.monotonic()
            it.wait_until_empty(300.0)
            per_s = count / (time.monotonic() - began_s)
    return per_s, max(grown) / 1e6, file_mb


def bare_rate(count: int) -> float:
    """Publications a second of paho alone, all handed to it at once."""
    with broker() as port, Bare(port) as bare, tempfile.TemporaryDirectory() as folder, box(folder, port) as it:
        it.send_and_wait(an_event(1))
        payload, began_s = it.last_payload, time.monotonic()
        bare.send_all(payload, count)
        return count / (time.monotonic() - began_s)


@contextmanager
def box(folder: str, port: int) -> Iterator[Box]:
    """One that is connected."""
    with Box(Path(folder)) as it:
        it.connect(port)
        yield it


@contextmanager
def watched() -> Iterator[list[int]]:
    """Bytes of memory on top of what there was, ten times a second."""
    before, over = resident_bytes(), threading.Event()
    grown = [0]

    def watch() -> None:
        while not over.wait(0.1):
            grown.append(resident_bytes() - before)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield grown
    finally:
        over.set()
        watching.join()

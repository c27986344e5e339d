"""The faults that a site can have."""

import itertools
import os
import signal
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from soaking.faults import Act, Fault, in_health, nothing
from soaking.notices import info_says, log_says, state_is
from soaking.site import Site
from tests.virtual_microphone import RATE_HZ

CLIPPED, OFFSET = 0.9, 0.3
DARK = np.full((240, 320, 3), 3, np.uint8)


def every_fault(site: Site) -> list[Fault]:
    """Those for which there is what they befall."""
    return [*broker(site), *microphone(site), *camera(site), *accelerator(site), *disk(site), *program(site)]


def broker(site: Site) -> list[Fault]:
    """While it is away health cannot be read from it: the log says it in the words of ``sinks.mqtt``'s health."""
    brokers = site.servers.brokers
    away, back = log_says("not connected"), log_says("connected")

    def bounce() -> None:
        brokers.stop()
        brokers.start()

    def fault(name: str, inject: Act, cure: Act) -> Fault:
        return Fault(f"broker {name}", "broker", inject, away, back, cure)

    return [
        fault("killed", partial(brokers.stop, signal.SIGKILL), brokers.start),
        fault("restarted", bounce, nothing),
        fault("frozen", partial(brokers.signal, signal.SIGSTOP), partial(brokers.signal, signal.SIGCONT)),
        fault("refuses", brokers.refuse, brokers.start),
    ]


def microphone(site: Site) -> list[Fault]:
    """Its server fails, or what it gives is no sound."""
    it, sounds = site.servers.microphone, site.sounds
    loud = np.random.default_rng(1).normal(0.0, CLIPPED, 5 * RATE_HZ)
    shifted = np.random.default_rng(2).normal(OFFSET, 0.003, 5 * RATE_HZ)

    def fault(name: str, inject: Act, words: str, cure: Act = nothing) -> Fault:
        def befall() -> None:
            sounds.hold()
            inject()

        def mend() -> None:
            cure()
            sounds.go_on()

        return in_health(f"microphone {name}", "microphone", befall, mend, rf"^sources\.microphone: {words}")

    return [
        fault("killed", it.kill, "", it.restart),
        fault("frozen", it.freeze, "", it.thaw),
        fault("starved", it.starve, ""),
        fault("muted", it.silence, "silent"),
        fault("clipping", partial(it.play, loud, loop=True), "clipping"),
        fault("stuck at DC", partial(it.play, shifted, loop=True), "offset"),
    ]


def camera(site: Site) -> list[Fault]:
    """One sends pictures over HTTP, one, where there is one, over RTSP."""
    found = []
    if one := site.servers.camera:
        mine = r"^sources\.camera: "
        found += [
            in_health("camera killed", "camera", one.kill, one.restart, mine),
            in_health("camera stalled", "camera", one.fall_silent, one.move, mine),
            in_health("camera frozen", "camera", lambda: one.show(still()), one.move, mine),
            in_health("camera dark", "camera", lambda: one.show(DARK), one.move, rf"{mine}dark|{mine}.*same picture"),
        ]
    if two := site.servers.rtsp:
        mine = r"^sources\.gate: "
        found += [
            in_health("RTSP server killed", "camera", two.kill, two.restart, mine),
            in_health("RTSP server stalled", "camera", two.freeze, two.thaw, mine),
        ]
    return found


def still() -> np.ndarray:
    """A picture with detail in it, always the same."""
    return np.random.default_rng(3).integers(40, 220, (240, 320, 3), np.uint8)


def accelerator(site: Site) -> list[Fault]:
    """The device hangs, dies, fails or lies; the box goes on on the CPU."""
    it = site.servers.accelerator
    if it is None:
        return []
    faults = {"hangs": "hang", "crashes": "crash", "fails": "error", "lies": "lie"}
    mine = r"^accelerators\.usb-0: "
    return [
        in_health(f"accelerator {name}", "accelerator", partial(it.fault, invoke=what), it.heal, mine)
        for name, what in faults.items()
    ]


def disk(site: Site) -> list[Fault]:
    """The disk that the outbox is on is full."""
    it = site.servers.disk
    if it is None:
        return []
    return [in_health("disk full", "disk", it.fill, it.empty, r"^outbox: .*(full|space)|disk: .*: 0 MB free")]


def program(site: Site) -> list[Fault]:
    """It is killed, told to begin anew, or given another configuration, a good one or a faulty one."""
    it = site.program
    numbers = itertools.count(1)

    def restart() -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        transaction = f"soak-{os.getpid()}-{next(numbers)}"
        site.subscriber.ask("restart", {"transaction": transaction, "at": at, "part": "daemon"})

    def garble() -> None:
        it.configure("pipelines: {drones: {smoothing: {threshold: 1.4}}}\n")
        it.signal(signal.SIGHUP)

    def take_up(settings: dict[str, Any]) -> None:
        it.configure(settings)
        it.signal(signal.SIGHUP)

    mend, other = partial(take_up, site.settings), deepcopy(site.settings)
    other["pipelines"]["sensitive"]["enabled"] = False
    offline, online = state_is("offline"), state_is("online")
    return [
        Fault("edged killed", "program", it.kill, offline, online, it.start),
        Fault("edged told to restart", "program", restart, offline, online),
        in_health("faulty configuration", "settings", garble, mend, r"^settings: "),
        Fault(
            "another configuration",
            "settings",
            partial(take_up, other),
            info_says("sensitive", on=False),
            info_says("sensitive", on=True),
            mend,
        ),
    ]

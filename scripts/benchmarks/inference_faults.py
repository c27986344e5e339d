"""What a fault of the device costs whoever asks, and how long it takes until the device is back."""

import functools
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import NamedTuple

from benchmarks.inference_device import Device, Pipeline, device, wait_until
from benchmarks.inference_models import drone_sound, question
from benchmarks.measure import Measured
from benchmarks.timing import timed
from edged.inference.cpu_model import CpuModel
from edged.inference.edgetpu.device import retry_s
from edged.inference.model import Model
from tests.inference.edgetpu.stand_in import host_pids

FAULTS = ("error", "crash", "hang")
PAUSE_S = 0.01
"""Between an answer and the next question of the other pipelines."""
LONG_GONE = 4
"""Failures in a row after which it is waited longest before the next try."""
HANGS_AFTER_S = 0.5
"""So long after its start a host process has come as far as opening the device."""


class Met(NamedTuple):
    """What came of a question that met a fault."""

    answered_s: float
    """Until its answer."""
    offline_s: float
    """Until the device was announced as gone."""


def answered(fault: str, times: int) -> Measured:
    """The longest time to an answer, in milliseconds."""
    with device(_soon) as it:
        cpu, model = _started(it)
        took_ms = [meet(it, model, fault).answered_s * 1e3 for _ in range(times)]
        alone_ms = _alone_s(cpu) * 1e3
    return Measured(max(took_ms), f"median {median(took_ms):.2f} ms of {times}; the CPU alone {alone_ms:.2f} ms")


def announced(fault: str, times: int) -> Measured:
    """The longest time to the announcement, in seconds."""
    with device(_soon) as it:
        _, model = _started(it)
        took_s = [meet(it, model, fault).offline_s for _ in range(times)]
    return Measured(max(took_s), f"median {median(took_s):.2f} s of {times}")


def stall(times: int) -> Measured:
    """The longest answer of two other pipelines, one on the device and one on the CPU, while the device fails."""
    with device(_soon) as it:
        _, model = _started(it)
        on_device, on_cpu = it.attach(drone_sound(it.folder / "second")), drone_sound(it.folder / "third")
        it.await_answer(on_device)
        others, alone_s = (on_device, on_cpu), _alone_s(on_cpu)
        meet_all = functools.partial(_longest_s, others, lambda: [meet(it, model, fault) for fault in FAULTS * times])
        lasted_s, through = timed(meet_all)
        without = _longest_s(others, lambda: time.sleep(lasted_s))
    found = ", ".join(
        f"{what} {longest * 1e3:.1f} ms" for what, longest in zip(("device", "CPU"), through, strict=True)
    )
    calm = ", ".join(f"{longest * 1e3:.1f} ms" for longest in without)
    return Measured(
        (max(through) - alone_s) * 1e3,
        f"on the {found}; as long without a fault {calm}; the CPU alone {alone_s * 1e3:.2f} ms",
    )


def back(at_opening: str, times: int, already_failed: int) -> Measured:
    """The longest time to the first answer of a device that is mended at the worst moment, after so many failures."""
    took_s = [_back_s(at_opening, already_failed) for _ in range(times)]
    return Measured(
        max(took_s),
        f"median {median(took_s):.2f} s of {times}; next try {retry_s(already_failed + 1):g} s after one that failed",
    )


def meet(it: Device, model: Model, fault: str) -> Met:
    """Break the device, ask it, mend it; returns when it answers again. RuntimeError if the fault was not met."""
    it.stand_in.fault(invoke=fault)
    began_s = time.monotonic()
    took_s, answer = timed(lambda: model.run(question(model)))
    if answer.use.device != "cpu":
        raise RuntimeError(f"the device answered in spite of {fault}")
    wait_until(lambda: not it.is_there(), "the device announced as gone")
    offline_s = it.said[-1][0] - began_s
    it.stand_in.heal()
    it.await_answer(model)
    return Met(took_s, offline_s)


def _back_s(at_opening: str, already_failed: int) -> float:
    with device(lambda failures: retry_s(failures + already_failed)) as it:
        _, model = _started(it)
        it.stand_in.fault(invoke="error", open=at_opening)
        model.run(question(model))
        wait_until(lambda: not it.is_there(), "the device announced as gone")
        if at_opening == "hang":
            wait_until(host_pids, "another try")
            time.sleep(HANGS_AFTER_S)
        it.stand_in.heal()
        return timed(lambda: it.await_answer(model))[0]


def _started(it: Device) -> tuple[CpuModel, Model]:
    cpu = drone_sound(it.folder)
    model = it.attach(cpu)
    it.start(model)
    return cpu, model


def _alone_s(cpu: CpuModel) -> float:
    asked = question(cpu)
    return median(timed(lambda: cpu.run(asked))[0] for _ in range(100))


def _longest_s(models: tuple[Model, ...], action: Callable[[], object]) -> list[float]:
    """The longest answer of each model, asked by pipelines of their own while ``action`` lasts."""
    with ExitStack() as stack:
        pipelines = [stack.enter_context(Pipeline(model, PAUSE_S)) for model in models]
        action()
    return [max(pipeline.took_s) for pipeline in pipelines]


def _soon(_: int) -> float:
    """In place of the back-off, which is measured by itself."""
    return 0.1

"""What the Edge TPU host costs in time and memory, against the runtime alone on the same stand-in for the device."""

import itertools
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

import numpy as np

from benchmarks.box import resident_mb
from benchmarks.inference_bare import Bare
from benchmarks.inference_device import Device, Pipeline, device
from benchmarks.inference_models import Make, averages, drone_sound, picture, question
from benchmarks.measure import Measured
from benchmarks.timing import BLOCK, Seconds, always, block_s, median_ms, timed
from edged.inference.model import Model
from tests.inference.edgetpu.stand_in import host_pids

PATIENT_MS = 2000
"""A deadline that no answer misses here: all answers are to be the device's."""
WINDOW_S = 0.5
"""For so long two models are asked; then the bare process runs each as often."""


def round_trip(make: Make, blocks: int, slow_ms: int) -> Measured:
    """How much longer a question takes than bare invoke(): median over neighbouring blocks of both."""
    with device(deadline_ms=PATIENT_MS) as it:
        cpu = make(it.folder)
        model, asked = it.attach(cpu), question(cpu)
        it.start(model)
        with it.bare(cpu) as bare:
            it.stand_in.fault(slow=slow_ms)
            turns = [(block_s(always(lambda: model.run(asked))), bare.turn([0] * BLOCK)) for _ in range(blocks + 1)]
    turns = turns[1:]  # the first is never like the others
    ours_s = np.array([ours for ours, _ in turns])
    invoke_s, loop_s = np.moveaxis(np.array([theirs for _, theirs in turns]), 2, 0)
    return Measured(
        _median_more_ms(ours_s, invoke_s),
        f"ours {_spread(ours_s)}; bare invoke {_spread(invoke_s)}, with tensors set and got {_spread(loop_s)}",
    )


def two_models(rounds: int, slow_ms: int, swap_ms: int = 0) -> Measured:
    """The speed of two models asked without pause, in parts of that of a bare process that alternates between them."""
    with device() as it:
        cpus = [drone_sound(it.folder), averages(it.folder)]
        models = [it.attach(cpu) for cpu in cpus]
        it.start(*models)
        with it.bare(*cpus) as bare:
            it.stand_in.fault(slow=slow_ms, swap=swap_ms)
            found = [_round(it, models, bare) for _ in range(rounds + 1)][1:]
    shares, changes, by_cpu = zip(*found, strict=True)
    return Measured(
        median(shares),
        f"bare alternates strictly, ours changes the model at {median(changes):.0%}; rounds {min(shares):.3f} to "
        f"{max(shares):.3f}; {sum(by_cpu)} answers came from the CPU",
    )


def memory() -> Measured:
    """Of the host process, in megabytes above its models' files."""
    with device(deadline_ms=PATIENT_MS) as it:
        cpus = [drone_sound(it.folder), picture(it.folder)]
        models = [it.attach(cpu) for cpu in cpus]
        it.start(*models)
        for model in models * BLOCK:
            model.run(question(model))
        (pid,) = host_pids()
        files_mb = sum((cpu.folder / cpu.card.files["edgetpu"].path).stat().st_size for cpu in cpus) / 1e6
        with it.bare(*cpus) as bare:
            bare.turn([0, 1] * BLOCK)
            ours_mb, bare_mb = resident_mb(pid), resident_mb(bare.pid)
    return Measured(ours_mb - files_mb, f"all {ours_mb:.1f} MB, files {files_mb:.1f} MB; bare process {bare_mb:.1f} MB")


def start(times: int) -> Measured:
    """From the start of the watch to an answer of each model from the device; medians."""
    ours_s, bare_s = zip(*(_start_s() for _ in range(times)), strict=True)
    return Measured(
        median(ours_s), f"longest {max(ours_s):.2f} s; bare process to an answer of each {median(bare_s):.2f} s"
    )


def _start_s() -> tuple[float, float]:
    """Of ours, and of the bare process."""
    with device(deadline_ms=PATIENT_MS) as it:
        cpus = [drone_sound(it.folder), picture(it.folder)]
        models = [it.attach(cpu) for cpu in cpus]
        ours_s, _ = timed(lambda: it.start(*models))
        bare_s, bare = timed(lambda: it.bare(*cpus))
        bare.close()
    return ours_s, bare_s


def _round(it: Device, models: Sequence[Model], bare: Bare) -> tuple[float, float, int]:
    """Our speed in parts of the bare process's; at which part of inferences the model changed; answers by the CPU."""
    before = len(it.stand_in.invocations())
    began_s = time.perf_counter()
    with ExitStack() as stack:
        pipelines = [stack.enter_context(Pipeline(model)) for model in models]
        time.sleep(WINDOW_S)
    took_s = time.perf_counter() - began_s
    order = it.stand_in.invocations()[before:]
    changes = sum(one != other for one, other in itertools.pairwise(order)) / max(1, len(order) - 1)
    by_device = [len(pipeline.took_s) - pipeline.by_cpu for pipeline in pipelines]
    bare_s = np.array(bare.turn([0, 1] * (sum(by_device) // 2)))[:, 1].reshape(-1, 2).mean(axis=0)
    share = float(bare_s @ by_device) / took_s  # the two need not have had as many turns each
    return share, changes, sum(pipeline.by_cpu for pipeline in pipelines)


def _median_more_ms(ours_s: Seconds, bare_s: Seconds) -> float:
    return float(np.median(np.median(ours_s, axis=1) - np.median(bare_s, axis=1))) * 1e3


def _spread(took_s: Seconds) -> str:
    return f"{median_ms(took_s):.3f} ms (p99 {float(np.quantile(took_s, 0.99)) * 1e3:.2f})"

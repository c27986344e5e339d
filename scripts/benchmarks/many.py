"""The group `many`: several cameras and microphones on one accelerator, or on the CPU alone."""

import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks import faces_chain
from benchmarks.faces_data import frame_with, portraits
from benchmarks.inference_models import averages
from benchmarks.many_box import Box, Found, jain, on_cpu, on_device
from benchmarks.many_loop import saturated
from benchmarks.measure import Group, Measured
from edged.messages.vision import Picture
from edged.vision import crop

GROUP = Group("many")
CAMERAS = (1, 2, 4, 8)
SLOW_MS = 9
"""What a face detector takes on a Coral, 15 what COCO SSD does; sound takes 1 (facts.md)."""
SOUND_MS = 1
FPS = 15.0


@GROUP.measure("of one model's loop", at_least=0.95)
def throughput(rounds: int = 5, seconds: float = 1.5, cameras: Sequence[int] = CAMERAS) -> Measured:
    """Eight cameras that always want something of one model, two microphones beside them; the device takes 15 ms."""
    found = {count: saturated(averages, count, rounds, seconds, slow_ms=15) for count in cameras}
    told = ", ".join(f"{count}: {median(shares):.3f}" for count, shares in found.items())
    return Measured(median(found[cameras[-1]]), f"the runtime alone in turns with it; by cameras {told}")


@GROUP.measure("Jain's index", at_least=0.95)
def fairness(seconds: float = 6.0, cameras: Sequence[int] = CAMERAS[1:]) -> Measured:
    """Of the frames of 2, 4 and 8 cameras that saturate the device with the whole chain of faces: the least."""
    with on_device(SLOW_MS) as (box, _):
        found = {count: box.run(count, seconds, FPS, _person()) for count in cameras}
    indices = {count: jain([each.frames[f"camera{n}"] for n in range(count)]) for count, each in found.items()}
    told = ", ".join(
        f"{count}: {indices[count]:.3f} ({each.frames.total() / each.seconds:.1f} frames/s, "
        f"{each.stale.total() / each.seconds:.1f} stale/s)"
        for count, each in found.items()
    )
    return Measured(min(indices.values()), f"by cameras {told}")


@GROUP.measure("of alone", at_most=1.3)
def sound_on_device(rounds: int = 5, seconds: float = 6.0) -> Measured:
    """The p99 of two microphones' windows beside eight cameras on the device; all rounds, in turns with alone."""
    with on_device(SLOW_MS) as (box, it):
        return _beside(box, rounds, seconds, lambda slow_ms: it.stand_in.fault(slow=slow_ms))


@GROUP.measure("of alone", at_most=1.3)
def sound_on_cpu(rounds: int = 5, seconds: float = 6.0) -> Measured:
    """The same where all models run on the CPU."""
    with on_cpu() as box:
        return _beside(box, rounds, seconds, lambda _: None)


@GROUP.measure("of one camera's", at_most=1.15)
def cost_per_frame(
    rounds: int = 3, seconds: float = 5.0, fps: float = 3.0, cameras: Sequence[int] = CAMERAS
) -> Measured:
    """Processor time a frame with eight cameras that the device can serve, less that of sound; the curve is told."""
    took_ms: dict[int, list[float]] = {count: [] for count in cameras}
    with on_device(SOUND_MS) as (box, _):
        for _ in range(rounds):
            idle = box.run(0, seconds, fps)
            for count, found_ms in took_ms.items():
                found_ms.append(_more_ms(box.run(count, seconds, fps, _person()), idle))
    told = ", ".join(f"{count}: {median(found_ms):.2f} ms" for count, found_ms in took_ms.items())
    most, one = took_ms[cameras[-1]], took_ms[cameras[0]]
    ratio = median(of_most / of_one for of_most, of_one in zip(most, one, strict=True))
    return Measured(ratio, f"a frame, by cameras {told}")


@GROUP.measure("frames", at_most=1.0)
def copies(side: tuple[int, int] = (1080, 1920)) -> Measured:
    """The most new memory at a time while a chain has a frame of 1920 x 1080, in frames: a copy of it would be 1."""
    picture = np.zeros((*side, 3), np.uint8)
    person = _person()
    picture[: person.shape[0], : person.shape[1]] = person
    chain = faces_chain.Chain(faces_chain.load_models(), picture)
    chain.step()
    whole = (0, 0, *side[::-1])
    found = {
        "faces": _peak(chain.step),
        "what a detector of 300 x 300 sees": _peak(lambda: crop(picture, whole, (300, 300))),
        "the same for another pipeline": _peak(lambda: crop(picture, whole, (300, 300))),
    }
    told = ", ".join(f"{name} {peak / picture.nbytes:.2f}" for name, peak in found.items())
    return Measured(max(found.values()) / picture.nbytes, told)


def _person() -> Picture:
    return frame_with(portraits(1)[0])


def _beside(box: Box, rounds: int, seconds: float, slow: Callable[[int], Any]) -> Measured:
    """Sound beside eight cameras, in parts of sound alone."""
    turns: list[tuple[Found, Found]] = []
    for _ in range(rounds):
        slow(SOUND_MS)
        alone = box.run(0, seconds, FPS)
        slow(SLOW_MS)
        turns.append((alone, box.run(8, seconds, FPS, _person())))
    alone_ms, beside_ms = ([_quantile_ms([turn[side] for turn in turns], q) for q in (0.99, 0.5)] for side in (0, 1))
    ratios = [beside.sound_p99_ms / alone.sound_p99_ms for alone, beside in turns]
    return Measured(
        beside_ms[0] / alone_ms[0],
        f"p99 {alone_ms[0]:.2f} ms alone, {beside_ms[0]:.2f} beside; median {alone_ms[1]:.2f} and {beside_ms[1]:.2f}; "
        f"single rounds, of a few hundred windows, {min(ratios):.2f} to {max(ratios):.2f}",
    )


def _quantile_ms(found: Sequence[Found], q: float) -> float:
    return float(np.quantile(np.concatenate([each.sound_s for each in found]), q)) * 1e3


def _more_ms(found: Found, idle: Found) -> float:
    """Processor time of a frame."""
    return (found.cpu_s / found.seconds - idle.cpu_s / idle.seconds) * found.seconds / found.frames.total() * 1e3


def _peak(step: Callable[[], object]) -> int:
    """Bytes."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        step()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

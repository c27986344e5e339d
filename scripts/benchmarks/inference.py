"""The group `inference`: what edged adds to the runtime, on the CPU and through the host; what a fault costs."""

import tempfile
from pathlib import Path

from benchmarks import inference_faults as faults
from benchmarks import inference_host as host
from benchmarks.inference_models import Make, averages, drone_sound, picture, question
from benchmarks.measure import Group, Measured
from benchmarks.timing import always, in_turns, median_ms, median_ratio
from edged.inference.edgetpu.config import EdgeTpuConfig
from edged.inference.files.verify import read_verified
from edged.inference.interpreter import make_interpreter

GROUP = Group("inference")
DEADLINE_MS = EdgeTpuConfig().deadline_ms
OBJECTS_MS = 15
"""What COCO SSD takes on a Coral (facts.md); a face detector takes 9, a sound model 1."""
SWAP_MS = 5
"""About what it costs to send a model's parameters to the device anew."""


@GROUP.measure("ms")
def cpu_model(calls: int = 2000) -> Measured:
    """A small model on the CPU; the limit is 1.05 times the runtime's own loop plus 20 us."""
    return _on_the_cpu(drone_sound, calls)


@GROUP.measure("ms")
def cpu_model_picture(calls: int = 300) -> Measured:
    """The same with a picture of 300 x 300 x 3 and a large model."""
    return _on_the_cpu(picture, calls)


@GROUP.measure("ms more", at_most=0.3)
def host_round_trip(blocks: int = 60) -> Measured:
    """A picture of 300 x 300 x 3 through the host process, against bare invoke() in a process of its own."""
    return host.round_trip(averages, blocks, slow_ms=0)


@GROUP.measure("ms more", at_most=0.3)
def host_round_trip_15_ms(blocks: int = 12) -> Measured:
    """The same when the device takes as long as a real one: both processors sleep meanwhile, and wake up cold."""
    return host.round_trip(averages, blocks, slow_ms=OBJECTS_MS)


@GROUP.measure("of bare speed", at_least=0.95)
def two_models(rounds: int = 20) -> Measured:
    """Two models, each asked without pause by a thread of its own, on a device that takes 4 ms."""
    return host.two_models(rounds, slow_ms=4)


@GROUP.measure("of bare speed", at_least=0.95)
def two_models_no_device(rounds: int = 20) -> Measured:
    """The same with a device that takes no time at all: what is left is all ours."""
    return host.two_models(rounds, slow_ms=0)


@GROUP.measure("of bare speed", at_least=1.0)
def two_models_swapped(rounds: int = 12) -> Measured:
    """The same when each change of model costs 5 ms more: the bare process alternates strictly."""
    return host.two_models(rounds, slow_ms=4, swap_ms=SWAP_MS)


@GROUP.measure("ms", at_most=DEADLINE_MS + 100)
def fault_error(times: int = 20) -> Measured:
    """From a question that meets an error at the device to its answer from the CPU, the longest."""
    return faults.answered("error", times)


@GROUP.measure("ms", at_most=DEADLINE_MS + 100)
def fault_crash(times: int = 20) -> Measured:
    """The same when the host process crashes."""
    return faults.answered("crash", times)


@GROUP.measure("ms", at_most=2000.0)
def fault_hang(times: int = 5) -> Measured:
    """The same when the device hangs."""
    return faults.answered("hang", times)


@GROUP.measure("ms", at_most=100.0)
def stall_elsewhere(times: int = 5) -> Measured:
    """Through errors, crashes and hangs: the longest question of any other pipeline, less its time on the CPU."""
    return faults.stall(times)


@GROUP.measure("s", at_most=5.0)
def hang_to_offline(times: int = 5) -> Measured:
    """From a question that meets a hang until the device is announced as offline, the longest."""
    return faults.announced("hang", times)


@GROUP.measure("s", at_most=5.0)
def back_on_device(times: int = 4, already_failed: int = faults.LONG_GONE) -> Measured:
    """From a device's recovery to its first answer, at the worst moment: just after a try that failed."""
    return faults.back("null", times, already_failed)


@GROUP.measure("s", at_most=5.0)
def back_after_hang(times: int = 3, already_failed: int = faults.LONG_GONE) -> Measured:
    """The same with a device that hung when it was opened, the process that hangs being there still."""
    return faults.back("hang", times, already_failed)


@GROUP.measure("MB", at_most=60.0)
def host_memory() -> Measured:
    """Resident memory of the host process with two models, less the size of their files."""
    return host.memory()


@GROUP.measure("s", at_most=1.0)
def host_start(times: int = 5) -> Measured:
    """From nothing to an answer of each of two models from the device, self-test included."""
    return host.start(times)


def _on_the_cpu(make: Make, calls: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        model = make(Path(folder))
        interpreter = make_interpreter(read_verified(model.folder, model.card, "cpu"), model.card.name, 1)
    asked = question(model)
    inputs = [detail["index"] for detail in interpreter.get_input_details()]
    outputs = [detail["index"] for detail in interpreter.get_output_details()]

    def bare() -> None:
        for index, array in zip(inputs, asked, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.invoke()
        _ = [interpreter.get_tensor(index) for index in outputs]

    ours_s, bare_s = in_turns(calls, always(lambda: model.run(asked)), always(bare))
    bare_ms = median_ms(bare_s)
    return Measured(
        median_ms(ours_s),
        f"{model.card.name}: set, invoke, get {bare_ms:.3f} ms, ratio {median_ratio(ours_s, bare_s):.3f}; "
        "limit 1.05 x that + 0.02 ms",
        1.05 * bare_ms + 0.02,
    )
